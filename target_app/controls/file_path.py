"""Which file a name that a user writes leads to."""

from pathlib import Path
from typing import Protocol

from target_app.controls.model import Kit
from target_app.web.errors import not_found


class FilePath(Protocol):
    """Finds files in one folder."""

    def find(self, name: str) -> Path:
        """The file of that name. Raises ApiError 404."""


class Contained:
    """A file inside the folder, once every `..` and link on the way is followed."""

    def __init__(self, kit: Kit, folder: Path) -> None:
        self._folder = folder.resolve()
        self._allow = kit.metrics.decision("file_path", "allow")
        self._deny = kit.metrics.decision("file_path", "deny")

    def find(self, name: str) -> Path:
        """What is outside is as if it were not there."""
        try:
            path = (self._folder / name).resolve()
            inside = path.is_relative_to(self._folder)
            found = inside and path.is_file()
        except (OSError, RuntimeError, ValueError):  # a loop of links, a name that no file can have
            raise not_found("file") from None
        if not inside:
            self._deny()
        if not found:
            raise not_found("file")
        self._allow()
        return path
