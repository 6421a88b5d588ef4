from flask import Flask, jsonify

from app.orders import count

app = Flask(__name__)


@app.route("/count")
def counted():
    try:
        return jsonify(count=count())
    except Exception:
        app.logger.exception("counting failed")
        return jsonify(error="the server failed"), 500
