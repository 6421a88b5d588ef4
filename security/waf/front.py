"""nginx in front of a backend: plain, or with ModSecurity and the OWASP Core Rule Set; its configuration is made here.

Nothing is written outside the front's own folder, and nginx runs in it with relative paths, so that it needs no
permission on the folders above.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

#: A refusal by a WAF carries this header, whichever WAF it was: the score tells it from the backend's own 403.
MARK: Final = ("X-Refused-By", "waf")
#: The paranoia level of the Core Rule Set for each level of the front; None: no rules, nginx alone.
PARANOIA: Final[Mapping[str, int | None]] = {"proxy": None, "crs_pl1": 1, "crs_pl2": 2, "crs_pl3": 3}

#: Where Debian puts nginx and what belongs to it. A user's search path knows no sbin.
SBIN: Final = "/usr/sbin"
MODULE: Final = Path("/usr/lib/nginx/modules/ngx_http_modsecurity_module.so")
RECOMMENDED: Final = Path("/etc/nginx/modsecurity.conf")
UNICODE_MAP: Final = Path("/etc/nginx/unicode.mapping")
SETUP: Final = Path("/etc/modsecurity/crs/crs-setup.conf")
CORE_RULES: Final = Path("/usr/share/modsecurity-crs/rules")
CONFIGURATION: Final = "nginx.conf"
RULES: Final = "modsecurity.conf"

_TEMPLATES = Environment(
    loader=PackageLoader("security.waf"), undefined=StrictUndefined, trim_blocks=True, autoescape=True
)


class MissingPartError(Exception):
    """Something that the front is made of is not installed; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Front:
    """A front: where it listens, what it stands before, and from which address it speaks to it (`host:port`, host)."""

    level: str
    listen: str
    upstream: str
    source: str
    workers: int = 1

    def write(self, folder: Path) -> None:
        """Write its configuration into a folder of its own.

        Raises:
            MissingPartError: ModSecurity or the rules are not installed.
        """
        paranoia = PARANOIA[self.level]
        (folder / "temp").mkdir(parents=True, exist_ok=True)
        text = _TEMPLATES.get_template(f"{CONFIGURATION}.j2").render(
            level=self.level,
            listen=self.listen,
            upstream=self.upstream,
            source=self.source,
            workers=self.workers,
            module=MODULE if paranoia else None,
            rules=RULES if paranoia else "",
            mark=" ".join(MARK),
        )
        (folder / CONFIGURATION).write_text(text, encoding="utf-8")
        if paranoia:
            (folder / RULES).write_text(_rules(paranoia), encoding="utf-8")


def _rules(paranoia: int) -> str:
    return _TEMPLATES.get_template(f"{RULES}.j2").render(
        paranoia=paranoia,
        recommended=RECOMMENDED,
        unicode_map=UNICODE_MAP,
        setup=SETUP,
        core_rules=rule_files() / "*.conf",
    )


def rule_files() -> Path:
    """The folder of the Core Rule Set.

    Raises:
        MissingPartError: it, or something without which nginx cannot use it, is not installed.
    """
    for part in (MODULE, RECOMMENDED, UNICODE_MAP, SETUP, CORE_RULES):
        if not part.exists():
            raise MissingPartError(f"ModSecurity with the OWASP rules is not installed ({part}): `make services`")
    return CORE_RULES


def nginx() -> str:
    """The program.

    Raises:
        MissingPartError: it is not installed.
    """
    found = shutil.which("nginx", path=os.pathsep.join([os.environ.get("PATH", os.defpath), SBIN]))
    if found is None:
        raise MissingPartError("nginx is not installed: `make services` installs it")
    return found
