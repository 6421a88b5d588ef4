import hashlib
import secrets

from werkzeug.security import generate_password_hash


class Member:
    password_digest = ""
    salt = ""

    def set_password(self, value):
        self.salt = secrets.token_hex(8)
        self.password_digest = hashlib.sha1((self.salt + value).encode()).hexdigest()
