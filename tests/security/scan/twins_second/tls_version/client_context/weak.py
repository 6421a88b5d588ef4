import ssl


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLSv1_1)
    return made
