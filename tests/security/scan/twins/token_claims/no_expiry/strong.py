import datetime

import jwt

from app.keys import secret


def token_for(user):
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    return jwt.encode({"sub": str(user.id), "exp": ends}, secret(), algorithm="HS256")
