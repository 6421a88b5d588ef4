from flask import Flask, abort, g, request

from app.reports import everything

app = Flask(__name__)


@app.route("/reports")
def reports():
    if g.user.role != "admin":
        abort(403)
    return everything()
