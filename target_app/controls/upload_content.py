"""What becomes of a file that a user hands in, and as what it is shown to others."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from target_app.controls.model import Kit
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


MEDIA_TYPES = {".webp": "image/webp"}
