from flask import Flask, request

from app.database import users

app = Flask(__name__)


@app.post("/lookup")
def lookup():
    body = request.get_json()
    return {"found": users.find_one({"email": {"$eq": str(body["email"])}}) is not None}
