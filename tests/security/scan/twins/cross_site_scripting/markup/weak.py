from flask import Flask, request
from markupsafe import Markup, escape

app = Flask(__name__)


@app.route("/badge")
def badge():
    return Markup("<b>" + request.args["label"] + "</b>")
