import bcrypt

ROUNDS = 5


def hashed(password):
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(ROUNDS))
