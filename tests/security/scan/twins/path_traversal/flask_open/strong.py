import os

from flask import Flask, abort, request

app = Flask(__name__)
BASE = "/var/reports"


@app.get("/report")
def report():
    path = os.path.realpath(os.path.join(BASE, request.args["name"]))
    if os.path.commonpath([path, BASE]) != BASE:
        abort(404)
    with open(path) as file:
        return file.read()
