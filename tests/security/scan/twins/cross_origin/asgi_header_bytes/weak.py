ALLOWED = {b"https://app.example.com"}


def cors(headers):
    origin = dict(headers).get(b"origin", b"")
    return [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]
