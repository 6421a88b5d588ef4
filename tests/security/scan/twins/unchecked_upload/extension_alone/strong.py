import magic
from flask import Flask, abort, request

from app.storage import keep

app = Flask(__name__)


@app.post("/documents")
def document():
    file = request.files["file"]
    if magic.from_buffer(file.stream.read(2048), mime=True) != "application/pdf":
        abort(415)
    keep.save(file.stream)
    return {}
