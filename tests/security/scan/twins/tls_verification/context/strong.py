import ssl


def context():
    made = ssl.create_default_context()
    made.load_verify_locations("/etc/ssl/private-authority.pem")
    return made
