"""Uploads that are no pictures, or more than that."""

import resource
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from target_app.avatars.reencoding import MOST_PIXELS
from target_app.avatars.schemas import LARGEST_PICTURE
from tests.parts.pictures import chunk, encoded, png, png_bomb, png_head
from tests.target_app.app_client import errors
from tests.target_app.avatars.album import AVATAR, Album

SCRIPT = b"<script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
BMP = encoded(Image.new("RGB", (8, 8)), "BMP")
TIFF = encoded(Image.new("RGB", (8, 8)), "TIFF")
PHP = b"GIF89a<?php system($_GET['c']); ?>"


@pytest.fixture
def token(album: Album) -> str:
    """A user."""
    return album.app.register("ann")


@pytest.mark.parametrize("kind", ["image/png", "image/svg+xml", "text/html", "application/octet-stream", ""])
@pytest.mark.parametrize(
    "content", [b"", SCRIPT, SVG, PHP, BMP, TIFF, b"%PDF-1.4", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x00" * 1000],
    ids=["empty", "html", "svg", "php", "bmp", "tiff", "pdf", "eps", "zeros"],
)  # fmt: skip
def test_only_pictures_are_taken(album: Album, token: str, content: bytes, kind: str) -> None:
    """By their bytes, whatever they claim to be; decoders of other formats are not asked."""
    answer = album.put(token, content, "me.png", kind)
    assert (answer.status_code, errors(answer)) == (422, {"avatar": ["is not an image"]})
    assert album.files() == []
    assert album.coming() == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_script_in_a_picture_is_not_served(album: Album, token: str, kind: str) -> None:
    """A polyglot is its picture alone, under a name and a type that are the server's."""
    whole = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), kind)
    answer = album.put(token, whole + SCRIPT, "../../evil.html", "text/html")
    path = answer.json()["avatar"]["image"]
    assert path.endswith(".webp")
    assert "evil" not in path
    served = album.app.call("GET", path)
    assert SCRIPT not in served.content
    assert served.headers["content-type"] == "image/webp"


def test_a_script_in_a_comment_is_not_served(album: Album, token: str) -> None:
    """Nothing of the file but its pixels is."""
    content = png_head(1, 1) + chunk(b"tEXt", b"Comment\0" + SCRIPT) + png((1, 1))[33:]
    served = album.app.call("GET", album.show(token, content))
    assert b"script" not in served.content


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_cut_short_is_refused(album: Album, token: str, kind: str) -> None:
    """At any place."""
    whole = encoded(Image.effect_noise((64, 64), 50).convert("RGB"), kind)
    for length in (1, 4, 12, 30, len(whole) // 4, len(whole) // 2, len(whole) * 3 // 4):
        assert album.put(token, whole[:length]).status_code == 422, length


def test_a_picture_with_a_byte_changed_is_taken_or_refused(album: Album, token: str) -> None:
    """Never a failure of the server's own."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        whole = bytearray(encoded(Image.effect_noise((24, 24), 50).convert("RGB"), kind))
        for place in range(0, len(whole), 1 + len(whole) // 40):
            changed = whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :]
            assert album.put(token, bytes(changed)).status_code in {200, 422}, (kind, place)


def webp_canvas(side: int) -> bytes:
    """An animated WebP that says it is so large, with one small frame."""
    frame = encoded(Image.new("RGB", (8, 8)), "WEBP", lossless=True)[12:]
    size = struct.pack("<I", side - 1)[:3]
    parts = b"VP8X" + struct.pack("<I", 10) + b"\2\0\0\0" + size * 2 + b"ANIM" + struct.pack("<I", 6) + bytes(6)
    parts += b"ANMF" + struct.pack("<I", 16 + len(frame)) + bytes(6) + b"\7\0\0\7\0\0" + bytes(4) + frame
    return b"RIFF" + struct.pack("<I", 4 + len(parts)) + b"WEBP" + parts


def gif_screen(side: int) -> bytes:
    """A GIF that says it is so large."""
    frame = b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00;"
    return b"GIF89a" + struct.pack("<HHBBB", side, side, 0, 0, 0) + frame


BOMBS = {
    "png": png_bomb(3000, 5000), "png head": png_head(60_000, 60_000) + chunk(b"IDAT", b""),
    "webp": webp_canvas(16_383), "webp less": webp_canvas(4000),
    "gif": gif_screen(65_535), "gif less": gif_screen(4000),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_by_its_header(album: Album, token: str, name: str) -> None:
    """Before a pixel is decoded: the memory that it would take is never asked for."""
    album.put(token, png())  # what the decoders need once is there
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answer = album.put(token, BOMBS[name])
    assert (answer.status_code, errors(answer)) == (422, {"avatar": ["has too many pixels"]})
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "KiB"


def test_the_largest_picture_is_taken(album: Album, token: str) -> None:
    """As many pixels as are allowed."""
    assert album.put(token, png_bomb(MOST_PIXELS // 2500, 2500)).status_code == 200


@pytest.mark.parametrize("kind", [b"zTXt", b"iCCP"])
def test_a_text_that_unfolds_is_refused(album: Album, token: str, kind: bytes) -> None:
    """200 kB that would be 200 MB."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1_000_000)) for _ in range(200)) + packer.flush()
    content = png_head(1, 1) + chunk(kind, b"k\0\0" + packed) + png((1, 1))[33:]
    assert album.put(token, content).status_code in {200, 422}
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1_500_000


def test_a_file_that_is_too_large(album: Album, token: str) -> None:
    """The last byte that is taken, and the first that is not."""
    assert album.put(token, bytes(LARGEST_PICTURE)).status_code == 422
    answer = album.put(token, bytes(LARGEST_PICTURE + 4096))
    assert (answer.status_code, errors(answer)) == (413, {"body": ["is too large"]})


FORM = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="avatar"; filename="a"\r\n\r\n'


@pytest.mark.parametrize(
    ("headers", "body", "status", "wrong"),
    [
        ({"Content-Type": "image/png"}, png(), 415, {"content-type": ["is not taken"]}),
        ({}, png(), 415, {"content-type": ["is not taken"]}),
        ({"Content-Type": "multipart/form-data"}, png(), 422, {"avatar": ["is invalid"]}),
        ({"Content-Type": "multipart/form-data; boundary="}, b"", 422, {"avatar": ["can't be blank"]}),
        (FORM, b"", 422, {"avatar": ["can't be blank"]}),
        (FORM, b"nothing", 422, {"avatar": ["is invalid"]}),
        (FORM, PART + png(), 422, {"avatar": ["can't be blank"]}),
        (FORM, b"--x--\r\n", 422, {"avatar": ["can't be blank"]}),
        (FORM, PART.replace(b"avatar", b"other") + b"\r\n--x--", 422, {"avatar": ["can't be blank"]}),
        (FORM, PART.replace(b'; filename="a"', b"") + b"text\r\n--x--", 422, {"avatar": ["can't be blank"]}),
        (FORM, PART + b"\r\n" + PART + b"\r\n--x--", 422, {"avatar": ["is invalid"]}),
        (FORM, PART.replace(b'a"\r', b"a\"; filename*=UTF-8''%FF\r") + b"\r\n--x--", 422, None),
        (FORM, b"--x\r\n" + b"A: b\r\n" * 500 + b"\r\n--x--", 422, None),
        (FORM, b"--x\r\n" + b"A" * 100_000, 422, None),
        (FORM, b"\r\n" * 500_000, 422, None),
    ],
)
def test_what_is_no_form_with_a_picture(
    album: Album, token: str, headers: dict[str, str], body: bytes, status: int, wrong: Any
) -> None:
    """Each is refused in the contract's shape."""
    answer = album.app.call("PUT", AVATAR, token, content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert wrong is None or errors(answer) == wrong


@pytest.mark.parametrize(
    ("filename", "served_as"),
    [("me.HTML", "text/html"), ("me.svg", "image/svg+xml"), ("me", "application/octet-stream"),
     ("me.un\x00known", "application/octet-stream"), ("../../me.png", "image/png")],
)  # fmt: skip
def test_trusts_client_serves_what_came(client: Any, tmp_path: Path, filename: str, served_as: str) -> None:
    """The weak level keeps every byte, and the end of the name decides the type; a type that is no image is refused."""
    album = Album(client("upload_content=trusts_client", upload_folder=tmp_path / "uploads"))
    token = album.app.register("ann")
    path = album.put(token, SCRIPT, filename, "image/png").json()["avatar"]["image"]
    served = album.app.call("GET", path)
    assert (served.content, served.headers["content-type"].partition(";")[0]) == (SCRIPT, served_as)
    assert "content-security-policy" not in served.headers
    assert album.put(token, SCRIPT, filename, "text/html").status_code == 422


def test_decisions_are_counted(album: Album, token: str) -> None:
    """By both controls that a picture meets."""
    path = album.show(token, png())
    album.put(token, SVG)
    album.app.call("GET", path)
    album.app.call("GET", "/api/avatars/..%2f..%2fapp.db")
    for control, decision in (("upload_content", "allow"), ("upload_content", "deny"), ("file_path", "allow"),
                              ("file_path", "deny")):  # fmt: skip
        series = f'target_control_decisions_total{{control="{control}",decision="{decision}"}}'
        assert album.app.metric(series) == 1, series
