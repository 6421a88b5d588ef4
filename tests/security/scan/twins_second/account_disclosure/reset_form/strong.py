from flask import Flask, request

from club.mail import send_reset
from club.members import find

app = Flask(__name__)


@app.post("/password/forgot")
def forgot_password():
    member = find(request.form["email"])
    if member is not None:
        send_reset(member)
    return {"message": "If the address is known, a mail is on its way"}
