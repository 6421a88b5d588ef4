import requests


def charge(payload):
    return requests.post("https://pay.example.com/charges", json=payload, timeout=5)
