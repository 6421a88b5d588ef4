import jwt

from app.keys import public_key


def claims(token):
    options = {"require": ["exp", "aud", "iss"]}
    return jwt.decode(token, public_key(), algorithms=["EdDSA"], audience="api", issuer="login", options=options)
