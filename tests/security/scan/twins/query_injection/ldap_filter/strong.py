import ldap
from flask import Flask, request
from ldap.filter import escape_filter_chars

app = Flask(__name__)


@app.route("/people")
def people():
    directory = ldap.initialize("ldaps://directory.example.com")
    return directory.search_s("dc=example", ldap.SCOPE_SUBTREE, "(uid=" + escape_filter_chars(request.args["uid"]) + ")")
