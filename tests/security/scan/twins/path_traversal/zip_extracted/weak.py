import zipfile
from pathlib import Path

from flask import Flask, abort, request

app = Flask(__name__)
TARGET = Path("/srv/site")


@app.post("/site")
def deploy():
    archive = zipfile.ZipFile(request.files["site"].stream)
    for name in archive.namelist():
        (TARGET / name).write_bytes(archive.read(name))
    return {}
