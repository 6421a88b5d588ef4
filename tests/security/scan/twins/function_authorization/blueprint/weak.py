from flask import Blueprint, jsonify
from flask_login import login_required

from app.auth import roles_required
from app.users import everyone

admin = Blueprint("admin", __name__, url_prefix="/admin")


@admin.route("/users")
@login_required
def users():
    return jsonify(everyone())
