"""`python -m tests.security.strangers.clinic --host 127.x.y.z --port N [--repaired]`."""

import tempfile
from pathlib import Path

from tests.security.strangers.clinic import flawed, mended
from tests.security.strangers.clinic.app import make_app
from tests.security.strangers.serving import read_options, serve

options = read_options("clinic")
with tempfile.TemporaryDirectory(prefix="clinic-") as folder:
    app = make_app(mended if options.repaired else flawed, options, Path(folder) / "clinic.db")
    serve(app.wsgi_app, options)
