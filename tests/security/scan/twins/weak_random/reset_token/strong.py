import random
import secrets
import string


def reset_token():
    return secrets.token_urlsafe(32)
