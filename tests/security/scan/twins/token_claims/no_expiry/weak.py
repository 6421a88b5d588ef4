import datetime

import jwt

from app.keys import secret


def token_for(user):
    return jwt.encode({"sub": str(user.id)}, secret(), algorithm="HS256")
