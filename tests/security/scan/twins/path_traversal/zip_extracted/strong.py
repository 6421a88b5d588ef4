import zipfile
from pathlib import Path

from flask import Flask, abort, request

app = Flask(__name__)
TARGET = Path("/srv/site")


@app.post("/site")
def deploy():
    archive = zipfile.ZipFile(request.files["site"].stream)
    for name in archive.namelist():
        place = (TARGET / name).resolve()
        if not place.is_relative_to(TARGET):
            abort(422)
        place.write_bytes(archive.read(name))
    return {}
