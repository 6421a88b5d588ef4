from flask import Flask, request
from lxml import etree

app = Flask(__name__)
USERS = etree.parse("/srv/users.xml", None)


@app.post("/xml-login")
def xml_login():
    name = request.form["name"]
    found = USERS.xpath("//user[@name=$name]", name=name)
    return {"found": bool(found)}
