import hashlib
import secrets

from werkzeug.security import generate_password_hash


class Member:
    password_digest = ""
    salt = ""

    def set_password(self, value):
        self.password_digest = generate_password_hash(value, method="scrypt")
