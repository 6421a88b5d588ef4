from flask import Flask, make_response

from app.auth import issue

app = Flask(__name__)


@app.post("/login")
def log_in():
    response = make_response({"ok": True})
    response.set_cookie("auth_token", issue())
    return response
