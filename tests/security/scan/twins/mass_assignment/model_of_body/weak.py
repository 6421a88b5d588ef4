from flask import Flask, request

from app.models import User, database

app = Flask(__name__)


@app.post("/register")
def register():
    database.session.add(User(**request.get_json()))
    database.session.commit()
    return "", 201
