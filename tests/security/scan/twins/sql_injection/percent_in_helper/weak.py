import sqlite3

from flask import Flask, jsonify, request

app = Flask(__name__)


def where(name):
    return "name = '%s'" % name


@app.route("/search")
def search():
    connection = sqlite3.connect("shop.db")
    rows = connection.execute("SELECT id, name FROM products WHERE " + where(request.args.get("q", "")))
    return jsonify([list(row) for row in rows])
