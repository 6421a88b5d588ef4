import yaml
from flask import Flask, request

app = Flask(__name__)


@app.post("/import")
def load():
    return {"keys": list(yaml.load(request.data, Loader=yaml.UnsafeLoader))}
