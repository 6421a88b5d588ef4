from passlib.context import CryptContext

context = CryptContext(schemes=["sha256_crypt", "bcrypt"], bcrypt__rounds=4)
