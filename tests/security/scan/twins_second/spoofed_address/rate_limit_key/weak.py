from flask import request

PROXY = "10.1.0.5"


def limit_key():
    return request.headers.get("X-Real-IP") or request.remote_addr
