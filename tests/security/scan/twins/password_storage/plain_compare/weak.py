from app.users import find, verify


def log_in(email, password):
    user = find(email)
    if user and user.password == password:
        return user
    return None
