import subprocess
from urllib.parse import urlsplit

from flask import Flask, abort, request

app = Flask(__name__)


@app.post("/mirror")
def mirror():
    source = request.form["source"]
    if urlsplit(source).scheme != "https":
        abort(400)
    subprocess.Popen("git clone --mirror " + source + " /srv/mirrors/new", shell=True)
    return "", 202
