"""Pictures on disk: written whole or not at all, under names that their content gives them."""

import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from target_app.controls.upload_content import Picture


class Staged(NamedTuple):
    """A picture on disk that nobody can ask for yet."""

    name: str
    path: Path


class PictureFiles:
    """A folder of pictures, and one of those on the way there. Every call waits for the disk."""

    def __init__(self, folder: Path) -> None:
        self.shown = folder / "avatars"
        self._coming = folder / "coming"

    def stage(self, picture: Picture) -> Staged:
        """Write a picture, to be shown or dropped."""
        for folder in (self.shown, self._coming):
            folder.mkdir(parents=True, exist_ok=True)
        path = self._coming / secrets.token_hex(16)
        with path.open("wb") as file:
            file.write(picture.content)
            file.flush()
            os.fsync(file.fileno())
        return Staged(hashlib.sha256(picture.content).hexdigest() + picture.suffix, path)

    def show(self, staged: Staged) -> None:
        """Put it where it is served from; the same picture may be there already."""
        staged.path.replace(self.shown / staged.name)
        folder = os.open(self.shown, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def drop(self, staged: Staged) -> None:
        """Take back what was not shown."""
        staged.path.unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Show it no more."""
        (self.shown / name).unlink(missing_ok=True)

    def left_behind(self, older_than_s: float) -> list[str]:
        """Names of pictures that were shown so long ago. What never came to be shown, and is as old, is deleted."""
        before = time.time() - older_than_s
        for path in older(self._coming, before):
            path.unlink(missing_ok=True)
        return sorted(path.name for path in older(self.shown, before))


def older(folder: Path, before: float) -> Iterator[Path]:
    """Files of a folder, if there is one, that were last written before then (s since 1970)."""
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and entry.stat().st_mtime < before:
                yield Path(entry.path)
