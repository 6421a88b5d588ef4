import importlib

from flask import Flask, abort, request

from app import csv_export, json_export

app = Flask(__name__)
EXPORTERS = {"csv": csv_export, "json": json_export}


@app.route("/export")
def export():
    module = EXPORTERS.get(request.args["format"])
    if module is None:
        abort(404)
    return module.run()
