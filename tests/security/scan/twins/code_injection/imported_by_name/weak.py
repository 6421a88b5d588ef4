import importlib

from flask import Flask, abort, request

from app import csv_export, json_export

app = Flask(__name__)
EXPORTERS = {"csv": csv_export, "json": json_export}


@app.route("/export")
def export():
    module = importlib.import_module("app." + request.args["format"])
    return module.run()
