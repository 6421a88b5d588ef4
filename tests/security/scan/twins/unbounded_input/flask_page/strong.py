from flask import Flask, jsonify, request

from app.models import Post

app = Flask(__name__)


@app.route("/posts")
def posts():
    size = min(int(request.args.get("size", 20)), 100)
    return jsonify([post.title for post in Post.query.limit(size)])
