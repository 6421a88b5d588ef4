"""What becomes of a file that a user hands in, and as what it is shown to others."""

import mimetypes
from collections.abc import Mapping
from pathlib import PurePath
from typing import NamedTuple, Protocol

from target_app.controls.model import Factor, Kit, Level
from target_app.web.errors import ApiError
from target_app.web.multipart import Upload


class Picture(NamedTuple):
    """What is stored: the bytes, and the end of the name, which says what they are."""

    content: bytes
    suffix: str


class UploadContent(Protocol):
    """Judges uploads."""

    def accept(self, upload: Upload) -> Picture:
        """What to store of an avatar. Slow: to be called on a thread. Raises ApiError 422."""

    def headers(self, suffix: str) -> Mapping[str, str]:
        """What an answer with such a file says of it to a browser."""


class SniffedAndReencoded:
    """A picture by its own bytes, whatever its name and type claim, and made anew: no script survives that."""

    def __init__(self, kit: Kit) -> None:
        self._allow = kit.metrics.decision("upload_content", "allow")
        self._deny = kit.metrics.decision("upload_content", "deny")

    def accept(self, upload: Upload) -> Picture:
        """A small square WebP."""
        from target_app.avatars.reencoding import PictureError, reencoded

        try:
            picture = Picture(reencoded(upload.content), ".webp")
        except PictureError as error:
            self._deny()
            raise ApiError(422, {"avatar": [str(error)]}) from None
        self._allow()
        return picture

    def headers(self, suffix: str) -> Mapping[str, str]:
        """The type that was written, and no leave to guess another or to do anything but show it."""
        return {
            "Content-Type": MEDIA_TYPES.get(suffix, "application/octet-stream"),
            "Content-Disposition": f'inline; filename="avatar{suffix}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        }


class TrustsClient:
    """A picture is what its sender calls one, kept as it came and served as what its name says."""

    def __init__(self, _kit: Kit) -> None:
        return None

    def accept(self, upload: Upload) -> Picture:
        """The bytes, under the end of the sender's name."""
        if not upload.media_type.startswith("image/"):
            raise ApiError(422, {"avatar": ["is not an image"]})
        suffix = PurePath(upload.filename).suffix.lower()
        return Picture(upload.content, suffix if suffix in mimetypes.types_map else "")

    def headers(self, suffix: str) -> Mapping[str, str]:
        """The type that goes with the name."""
        return {"Content-Type": mimetypes.types_map.get(suffix, "application/octet-stream")}


MEDIA_TYPES = {".webp": "image/webp"}

UPLOAD_CONTENT: Factor[UploadContent] = Factor(
    name="upload_content",
    kind="control",
    threat="A file that is shown as a picture runs script in its viewers' browsers, or fills their memory",
    owasp=(),
    asvs=("5.2.2", "5.2.6"),
    cwe=("434",),
    cost_hypothesis="Some milliseconds on a thread for each upload, up to a second for the largest photograph",
    journeys=("integrator",),
    levels=(
        Level(
            "trusts_client",
            "weak",
            "kept as it came, served as what its name says",
            TrustsClient,
            trips=("avatar_script", "avatar_no_picture", "avatar_bomb"),
            bytes_differ=True,
        ),
        Level("sniffed_and_reencoded", "strong", "known by its bytes, made anew from its pixels", SniffedAndReencoded),
    ),
)
