"""Pictures to upload, made here: PNG of one colour (W3C, third edition)."""

from __future__ import annotations

import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from security.probe.identity import Identity
from security.probe.scene import Scene, field_of

AVATAR = "/user/avatar"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: An operation that the target does not have.
ABSENT = frozenset({404, 405})


class Uploaded(NamedTuple):
    """The answer to an upload: its status, where the picture is then served ("" where it is not), and seconds."""

    status: int
    path: str
    seconds: float


def black(width: int, height: int) -> bytes:
    """Black pixels of one bit each: ten thousand rows take some kilobytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    pixels = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return SIGNATURE + b"".join(_chunk(*one) for one in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@contextmanager
def upload(
    scene: Scene, user: Identity, content: bytes, filename: str = "me.png", media_type: str = "image/png"
) -> Iterator[Uploaded]:
    """Something, perhaps no picture at all, that is handed in as the user's picture for the length of the block."""
    began = time.perf_counter()
    form = {"avatar": (filename, content, media_type)}
    answer = user.client.request("PUT", scene.path(AVATAR), files=form)
    path = field_of(answer, "avatar", "image") if answer.is_success else None
    try:
        yield Uploaded(answer.status_code, path if isinstance(path, str) else "", time.perf_counter() - began)
    finally:
        if path is not None:
            user.client.request("DELETE", scene.path(AVATAR))
