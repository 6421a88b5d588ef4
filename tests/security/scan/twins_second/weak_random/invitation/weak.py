import hashlib
import secrets
import time


def invitation_token(email):
    return hashlib.sha256(f"{email}{time.time()}".encode()).hexdigest()
