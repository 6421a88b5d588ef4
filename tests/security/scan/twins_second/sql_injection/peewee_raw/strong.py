from flask import Blueprint, jsonify, request
from shop.orm import Customer

customers = Blueprint("customers", __name__)


@customers.route("/customers/search", methods=["POST"])
def search():
    payload = request.get_json(force=True)
    term = payload.get("term", "")
    query = Customer.raw("SELECT id, name FROM customer WHERE name ILIKE %s", f"%{term}%")
    return jsonify([{"id": row.id, "name": row.name} for row in query])
