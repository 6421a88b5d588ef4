"""The clinic's application."""

import json
from pathlib import Path

import yaml
from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException
from werkzeug.security import generate_password_hash

from tests.security.strangers.clinic import accounts, pets, vets
from tests.security.strangers.clinic.rules import Refusal, Rules
from tests.security.strangers.clinic.store import fill, keep
from tests.security.strangers.clinic.web import rules
from tests.security.strangers.fields import InvalidFieldError
from tests.security.strangers.serving import Options

DOCUMENT = Path(__file__).parent / "openapi.yaml"


def make_app(form: Rules, options: Options, database: Path) -> Flask:
    """The clinic in one of its forms, on a database file that is not there yet."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.extensions |= {"rules": form, "options": options}
    fill(database, generate_password_hash(options.secret, accounts.PASSWORD_METHOD))
    keep(app, database)
    for part in (accounts.routes, pets.routes, vets.routes):
        app.register_blueprint(part, url_prefix="/v2")
    document = json.dumps(yaml.safe_load(DOCUMENT.read_text(encoding="utf-8")))
    app.add_url_rule("/openapi.json", view_func=lambda: Response(document, mimetype="application/json"))
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    form.extra_routes(app)
    _answer_errors(app)
    app.after_request(_finish)
    return app


def _answer_errors(app: Flask) -> None:
    app.register_error_handler(Refusal, lambda said: ({"error": said.message}, said.status, said.headers))
    app.register_error_handler(InvalidFieldError, lambda error: ({"error": str(error)}, 422))
    app.register_error_handler(HTTPException, lambda error: ({"error": error.name}, error.code))
    app.register_error_handler(Exception, lambda error: ({"error": rules().failure(error)}, 500))


def _finish(response: Response) -> Response:
    rules().finish(response, request.headers.get("Origin", ""))
    return response
