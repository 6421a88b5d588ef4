from flask import Flask

from app.keys import read_key

app = Flask(__name__)
app.secret_key = read_key("/run/secrets/flask")
