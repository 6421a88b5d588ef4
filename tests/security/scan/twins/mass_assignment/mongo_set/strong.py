from flask import Flask, request

from app.database import profiles

app = Flask(__name__)
FIELDS = ("bio", "city")


@app.patch("/profile/<int:number>")
def change(number):
    body = request.get_json()
    profiles.update_one({"_id": number}, {"$set": {name: str(body[name]) for name in FIELDS if name in body}})
    return {}
