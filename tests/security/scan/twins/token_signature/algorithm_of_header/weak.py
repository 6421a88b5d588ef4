import jwt

from app.keys import secret


def user_of(token):
    header = jwt.get_unverified_header(token)
    return jwt.decode(token, secret(), algorithms=[header["alg"]])["sub"]
