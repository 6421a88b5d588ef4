import secrets
import uuid


def start(session):
    session.session_id = str(uuid.uuid1())
