from app.users import find, verify


def log_in(email, password):
    user = find(email)
    if user and verify(user.password_hash, password):
        return user
    return None
