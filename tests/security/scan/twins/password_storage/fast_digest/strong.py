import hashlib

from argon2 import PasswordHasher


def store(user, password):
    user.password_hash = PasswordHasher().hash(password)
