import bcrypt

ROUNDS = 12


def hashed(password):
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(ROUNDS))
