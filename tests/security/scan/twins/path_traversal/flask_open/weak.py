import os

from flask import Flask, abort, request

app = Flask(__name__)
BASE = "/var/reports"


@app.get("/report")
def report():
    with open(os.path.join(BASE, request.args["name"])) as file:
        return file.read()
