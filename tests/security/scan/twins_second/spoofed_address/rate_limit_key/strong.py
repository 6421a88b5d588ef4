from flask import request

PROXY = "10.1.0.5"


def limit_key():
    if request.remote_addr == PROXY:
        return request.headers.get("X-Real-IP") or request.remote_addr
    return request.remote_addr
