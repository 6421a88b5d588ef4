import base64
import hashlib
import hmac
import pickle

from flask import Flask, abort, request

from app.keys import cookie_key

app = Flask(__name__)


@app.route("/cart")
def cart():
    data = base64.b64decode(request.cookies["cart"])
    return {"items": len(pickle.loads(data))}
