import random
import secrets


def send_code(phone, gateway):
    code = random.randint(100_000, 999_999)
    gateway.send(phone, f"Your code is {code}")
    return code
