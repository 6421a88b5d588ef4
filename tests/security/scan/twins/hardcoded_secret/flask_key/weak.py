from flask import Flask

from app.keys import read_key

app = Flask(__name__)
app.secret_key = "b5c1f0e2-dev"
