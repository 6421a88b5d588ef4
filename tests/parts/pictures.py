"""Pictures made in code, honest ones and others."""

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    """An image as a file."""
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(size: tuple[int, int] = (40, 30), colour: str = "teal") -> bytes:
    """A PNG of one colour."""
    return encoded(Image.new("RGB", size, colour), "PNG")


def chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG, with its checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_head(width: int, height: int) -> bytes:
    """A PNG up to its first pixel: so large does it say it is."""
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def png_bomb(width: int, height: int) -> bytes:
    """A whole PNG of black pixels: a thousandth of what they take when they are decoded."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return png_head(width, height) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
