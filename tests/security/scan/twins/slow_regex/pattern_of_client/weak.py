import re

from flask import Flask, request

from app.notes import notes

app = Flask(__name__)


@app.route("/notes")
def search():
    pattern = re.compile(request.args["q"])
    return [note for note in notes() if pattern.search(note)]
