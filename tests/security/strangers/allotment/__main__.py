"""`python -m tests.security.strangers.allotment --host 127.x.y.z --port N [--repaired]`."""

import tempfile
from pathlib import Path

from tests.security.strangers.allotment.project import make_app
from tests.security.strangers.serving import read_options, serve

options = read_options("allotment")
with tempfile.TemporaryDirectory(prefix="allotment-") as folder:
    serve(make_app(options, Path(folder) / "allotment.db"), options)
