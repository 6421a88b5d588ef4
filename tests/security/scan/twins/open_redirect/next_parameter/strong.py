from urllib.parse import urlsplit

from flask import Flask, redirect, request

app = Flask(__name__)


@app.route("/login/done")
def done():
    target = request.args.get("next", "/")
    if urlsplit(target).netloc or not target.startswith("/"):
        target = "/"
    return redirect(target)
