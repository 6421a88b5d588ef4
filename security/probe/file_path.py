"""Files outside the folder that pictures are served from (CWE-22)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.picture import ABSENT, black, upload
from security.probe.scene import Scene, require

# Readable for everybody on every system of the kind, and without a secret: its passwords stand elsewhere.
OUTSIDE, SURE = "etc/passwd", re.compile(r"^root:[^:\n]*:0:0:", re.MULTILINE)
UP = 16
WAYS: Mapping[str, str] = {
    "`..`, its slashes encoded": "..%2f" * UP + OUTSIDE.replace("/", "%2f"),
    "`..`, encoded": "%2e%2e%2f" * UP + OUTSIDE,
    "`..`, encoded twice": "%252e%252e%252f" * UP + OUTSIDE,
    "`..` with backslashes": "..%5c" * UP + OUTSIDE.replace("/", "%5c"),
    "`....//`, which is `../` once that is removed": "....%2f%2f" * UP + OUTSIDE,
    "an absolute name": f"%2f{OUTSIDE}",
    "an absolute name, not encoded": f"/{OUTSIDE}",
    "a link of the system": "..%2f" * UP + f"proc/self/root/{OUTSIDE}",
    "a NUL behind it": "..%2f" * UP + f"{OUTSIDE}%00.webp",
}


def file_outside(scene: Scene) -> Verdict:
    """Upload a picture, see that it is served, and ask for a file of the system beside it, by each way."""
    visitor = scene.people.visitor()
    with upload(scene, scene.people.sign_in(), black(8, 8)) as picture:
        if picture.status in ABSENT:
            return not_applicable("The target takes no pictures.")
        require(picture.path, f"An honest picture is answered {picture.status}.")
        own = visitor.get(picture.path).status_code
    require(own == 200, f"An uploaded picture is not served: {own}.")
    folder = picture.path.rpartition("/")[0]
    statuses: list[int] = []
    for way, name in WAYS.items():
        found = visitor.get(f"{folder}/{name}", fresh=False)
        if found.status_code == 200 and SURE.search(found.text):
            return succeeded(f"In place of a picture /{OUTSIDE} is served, {len(found.content)} bytes: {way}.")
        require(found.status_code < 500, f"{way} is answered {found.status_code}.")
        statuses.append(found.status_code)
    return stopped(f"A picture is served (200), /{OUTSIDE} by none of {len(WAYS)} ways: {sorted(statuses)}.")
