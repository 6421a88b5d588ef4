from flask import Flask, jsonify

from app.orders import count

app = Flask(__name__)


@app.route("/count")
def counted():
    try:
        return jsonify(count=count())
    except Exception as error:
        return jsonify(error=str(error)), 500
