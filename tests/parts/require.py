"""Where the real parts are, and what happens in their absence."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest


def _postgres() -> Path | None:
    """The newest PostgreSQL of Debian's layout, or one on the search path."""
    installed = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda found: float(found.parents[1].name), reverse=True
    )
    on_path = shutil.which("initdb")
    return installed[0].parent if installed else Path(on_path).parent if on_path else None


def _command(*names: str) -> Callable[[], Path | None]:
    def find() -> Path | None:
        found = next(filter(None, map(shutil.which, names)), None)
        return Path(found) if found else None

    return find


def _crs() -> Path | None:
    """The OWASP Core Rule Set, where nginx has the module that reads it."""
    rules, module = (
        Path("/usr/share/modsecurity-crs/rules"),
        Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"),
    )
    return rules if rules.is_dir() and module.is_file() else None


PARTS: Final[dict[str, Callable[[], Path | None]]] = {
    "postgres": _postgres,
    "redis": _command("redis-server"),
    "prometheus": _command("prometheus"),
    "promtool": _command("promtool"),
    "nginx": _command("nginx", "/usr/sbin/nginx"),
    "crs": _crs,
    "chromium": _command("chromium", "chromium-browser"),
    "node": _command("node", "nodejs"),
}


def require(part: str) -> Path:
    """The path of a real part (for `postgres` the folder of its programs).

    Skips the test where the part is missing, and fails it when `CI=true`: a landing must not pass by skipping.
    """
    path = PARTS[part]()
    if path is not None:
        return path
    reason = f"{part} is not installed (`make services` installs it)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
