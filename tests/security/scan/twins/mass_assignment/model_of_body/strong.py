from flask import Flask, request

from app.models import User, database

app = Flask(__name__)


@app.post("/register")
def register():
    body = request.get_json()
    database.session.add(User(username=body["username"], email=body["email"]))
    database.session.commit()
    return "", 201
