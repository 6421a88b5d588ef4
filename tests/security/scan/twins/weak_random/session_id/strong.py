import secrets
import uuid


def start(session):
    session.session_id = secrets.token_hex(16)
