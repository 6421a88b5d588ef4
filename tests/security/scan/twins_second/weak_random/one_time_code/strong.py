import random
import secrets


def send_code(phone, gateway):
    code = 100_000 + secrets.randbelow(900_000)
    gateway.send(phone, f"Your code is {code}")
    return code
