from flask import Flask, request

app = Flask(__name__)


@app.post("/delete")
def delete():
    with open("/var/log/audit.log", "a") as audit:
        audit.write("deleted " + request.form["name"] + "\n")
    return {}
