"""Uploads that are shown to others as pictures (CWE-434)."""

from __future__ import annotations

from typing import NamedTuple

import httpx

from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.picture import ABSENT, SIGNATURE, Uploaded, black, upload
from security.probe.scene import Scene, new_marker, require

HTML = "<!DOCTYPE html><html><body><script>document.title = '{marker}'</script></body></html>"
SVG = "<svg xmlns='http://www.w3.org/2000/svg'><script>document.title = '{marker}'</script></svg>"
RUN_BY_BROWSERS = frozenset({"text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "application/xml"})
#: Pixels of the bomb's sides: decoded it takes 144 MB at least, in four colours 576 MB.
SIDE = 12_000
#: Refused by its header a picture takes milliseconds; decoded, such a one takes longer than this.
SLOW_S = 2.0


class Claim(NamedTuple):
    """What a file is said to be."""

    filename: str
    media_type: str
    content: str


SCRIPTS = (
    Claim("me.html", "image/png", HTML),
    Claim("me.svg", "image/svg+xml", SVG),
    Claim("me.png", "text/html", HTML),
    Claim("me.png.html", "image/jpeg", HTML),
    Claim("me.xml", "image/png", SVG),
)


def avatar_script(scene: Scene) -> Verdict:
    """Upload a script under several names and types; see whether a browser that is led to it would run it."""
    user, visitor, marker = scene.people.sign_in(), scene.people.visitor(), new_marker()
    statuses: list[int] = []
    for filename, media_type, content in SCRIPTS:
        with upload(scene, user, content.format(marker=marker).encode(), filename, media_type) as file:
            if file.status in ABSENT:
                return not_applicable("The target takes no pictures.")
            served = visitor.get(file.path) if file.path else None
            if served is not None and marker in served.text and _runs(served):
                return succeeded(f"A script, uploaded as {filename} of type {media_type}, is served as "
                                 f"{_type(served)}, without a sandbox: its viewers' browsers run it.")  # fmt: skip
            _judged(file)
            statuses.append(file.status)
    return stopped(f"None of {len(SCRIPTS)} scripts is served so that a browser runs it: {statuses}.")


def avatar_no_picture(scene: Scene) -> Verdict:
    """Upload a text called a picture, and a picture with a text behind its end; look for them in what is served."""
    user, visitor, marker = scene.people.sign_in(), scene.people.visitor(), new_marker()
    files = {"a text": marker.encode(), "a text behind a picture's end": black(8, 8) + marker.encode()}
    statuses: list[str] = []
    for what, content in files.items():
        with upload(scene, user, content) as file:
            if file.status in ABSENT:
                return not_applicable("The target takes no pictures.")
            served = visitor.get(file.path) if file.path else None
            if served is not None and marker.encode() in served.content:
                return succeeded(f"{what}, uploaded as image/png, is served to others, {len(served.content)} bytes.")
            _judged(file)
            statuses.append(f"{what} {file.status}")
    return stopped(f"Neither is served: {', '.join(statuses)}.")


def avatar_bomb(scene: Scene) -> Verdict:
    """Upload a picture of few bytes and very many pixels; see whether it is worked on for long, or served as it is."""
    user, visitor, content = scene.people.sign_in(), scene.people.visitor(), black(SIDE, SIDE)
    with upload(scene, user, content) as file:
        if file.status in ABSENT:
            return not_applicable("The target takes no pictures.")
        bomb = f"A picture of {SIDE} by {SIDE} pixels in {len(content) // 1024} KiB"
        if file.seconds > SLOW_S:
            return succeeded(f"{bomb} keeps the server busy for {file.seconds:.1f} s, and is answered {file.status}.")
        served = visitor.get(file.path) if file.path else None
        if served is not None and _side(served.content) == SIDE:
            return succeeded(f"{bomb} is taken, and served to others as it is.")
        _judged(file)
    return stopped(f"{bomb} is answered {file.status} after {1000 * file.seconds:.0f} ms.")


def _judged(file: Uploaded) -> None:
    """What was neither taken nor refused says nothing."""
    require(file.path or 400 <= file.status < 500, f"An upload is answered {file.status}.")


def _type(served: httpx.Response) -> str:
    return str(served.headers.get("content-type", "")).partition(";")[0].strip().lower()


def _runs(served: httpx.Response) -> bool:
    shut = "sandbox" in served.headers.get("content-security-policy", "")
    saved = served.headers.get("content-disposition", "").startswith("attachment")
    return _type(served) in RUN_BY_BROWSERS and not shut and not saved


def _side(content: bytes) -> int:
    """The width of a PNG as its header has it; 0 for anything else."""
    return int.from_bytes(content[16:20], "big") if content.startswith(SIGNATURE) else 0
