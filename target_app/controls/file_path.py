"""Which file a name that a user writes leads to."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Protocol

from target_app.controls.model import Factor, Kit, Level
from target_app.web.errors import not_found


class FilePath(Protocol):
    """Finds files in one folder."""

    def find(self, name: str) -> Path:
        """The file of that name. Raises ApiError 404."""


#: Looks for names in this folder.
InFolder = Callable[[Path], FilePath]


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


class Joined:
    """The folder and the name, put together: `..`, a link or an absolute name leads anywhere."""

    def __init__(self, _kit: Kit, folder: Path) -> None:
        self._folder = folder

    def find(self, name: str) -> Path:
        """Any file that this process may read."""
        path = self._folder / name
        try:
            found = path.is_file()
        except OSError:  # a name that is too long for any file
            found = False
        if not found:
            raise not_found("file")
        return path


def joined(kit: Kit) -> InFolder:
    """Files of any folder."""
    return partial(Joined, kit)


def contained(kit: Kit) -> InFolder:
    """Files of the folder alone."""
    return partial(Contained, kit)


FILE_PATH: Factor[InFolder] = Factor(
    name="file_path",
    kind="control",
    threat="A user reads any file of the server by writing a way to it in place of a name",
    owasp=(),
    asvs=("5.3.2",),
    cwe=("22",),
    cost_hypothesis="Some tens of µs for each file that is served: the links of its path are followed",
    journeys=("integrator",),
    levels=(
        Level("joined", "weak", "the name is put behind the folder", joined, trips=("file_outside",)),
        Level("contained", "strong", "a file inside the folder, once links are followed", contained),
    ),
)
