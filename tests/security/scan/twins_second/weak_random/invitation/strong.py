import hashlib
import secrets
import time


def invitation_token(email):
    return secrets.token_urlsafe(24)
