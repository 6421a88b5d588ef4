from flask import Flask, request

from club.mail import send_reset
from club.members import find

app = Flask(__name__)


@app.post("/password/forgot")
def forgot_password():
    member = find(request.form["email"])
    if member is None:
        return {"error": "No account with this e-mail"}, 404
    send_reset(member)
    return {"message": "Mail sent"}
