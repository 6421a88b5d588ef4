import requests
from flask import Flask, abort, request

from app.webhooks import stored_url

app = Flask(__name__)


@app.post("/webhooks/test")
def try_webhook():
    identifier = int(request.get_json()["id"])
    target = stored_url(identifier)
    return {"status": requests.post(target, json={"ping": 1}, timeout=5).status_code}
