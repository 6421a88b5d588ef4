import jwt

from app.keys import secret


def user_of(token):
    header = jwt.get_unverified_header(token)
    if header["alg"].lower() == "none":
        raise jwt.InvalidAlgorithmError("unsigned")
    return jwt.decode(token, secret(), algorithms=["HS256"])["sub"]
