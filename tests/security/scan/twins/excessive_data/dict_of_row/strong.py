from flask import Flask, jsonify

from app.models import User

app = Flask(__name__)


@app.route("/users/<int:number>")
def user(number):
    found = User.query.get(number)
    return jsonify({"username": found.username, "bio": found.bio})
