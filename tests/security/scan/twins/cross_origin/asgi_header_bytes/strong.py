ALLOWED = {b"https://app.example.com"}


def cors(headers):
    origin = dict(headers).get(b"origin", b"")
    if origin not in ALLOWED:
        return []
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]
