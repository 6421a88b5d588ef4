"""Names that lead elsewhere."""

from collections.abc import Callable
from pathlib import Path

import pytest

from target_app.controls.file_path import Contained, Joined
from target_app.web.errors import ApiError
from tests.parts.pictures import png
from tests.target_app.app_client import AppClient
from tests.target_app.avatars.album import Album


class Counted:
    """A kit whose metrics count in a dictionary."""

    def __init__(self) -> None:
        self.metrics = self
        self.seen: dict[str, int] = {"allow": 0, "deny": 0}

    def decision(self, _control: str, decision: str) -> Callable[[], None]:
        def count() -> None:
            self.seen[decision] += 1

        return count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a secret beside it, and links."""
    inside = tmp_path / "inside"
    (inside / "deeper").mkdir(parents=True)
    (inside / "file").write_text("shown")
    (inside / "deeper" / "file").write_text("shown too")
    (tmp_path / "secret").write_text("secret")
    (tmp_path / "inside-too").mkdir()
    (tmp_path / "inside-too" / "secret").write_text("secret")
    (inside / "link").symlink_to(tmp_path / "secret")
    (inside / "linked").symlink_to(tmp_path)
    (inside / "own").symlink_to("file")
    (inside / "loop").symlink_to("loop")
    return inside


@pytest.mark.parametrize("name", ["file", "deeper/file", "deeper/../file", "own", "./file", "linked/inside/file"])
def test_what_is_inside_is_found(folder: Path, name: str) -> None:
    """By whatever way."""
    kit = Counted()
    assert Contained(kit, folder).find(name).read_text().startswith("shown")  # type: ignore[arg-type]
    assert kit.seen == {"allow": 1, "deny": 0}


@pytest.mark.parametrize(
    ("name", "denied"),
    [
        ("../secret", 1), ("link", 1), ("linked/secret", 1), ("../inside-too/secret", 1), ("/etc/passwd", 1),
        ("deeper/../../secret", 1), ("..", 1), ("../nothing", 1), ("nothing", 0), ("", 0), (".", 0), ("deeper", 0),
        ("file\0", 0), ("a" * 300, 0), ("loop", 0), ("file/x", 0), ("\udcff", 0), ("..\\secret", 0),
        ("%2e%2e/secret", 0),
    ],
)  # fmt: skip
def test_what_is_outside_is_not_there(folder: Path, name: str, denied: int) -> None:
    """The same answer as for a file that does not exist; only the counter knows."""
    kit = Counted()
    with pytest.raises(ApiError) as raised:
        Contained(kit, folder).find(name)  # type: ignore[arg-type]
    assert (raised.value.status, raised.value.fields) == (404, {"file": ["not found"]})
    assert kit.seen == {"allow": 0, "deny": denied}


@pytest.mark.parametrize("way", ["../secret", "link", "linked/secret", "deeper/../../secret"])
def test_joined_leads_outside(folder: Path, way: str) -> None:
    """The weak level serves whatever the name leads to, also where it is absolute, and nothing that is no file."""
    joined = Joined(Counted(), folder)  # type: ignore[arg-type]
    for name in (way, str(folder.parent / "secret")):
        assert joined.find(name).read_text() == "secret"
    for name in ("nothing", "", "..", "file\0", "a" * 300, "loop", "file/x"):
        with pytest.raises(ApiError):
            joined.find(name)


@pytest.mark.parametrize(
    "name",
    [
        "..%2f..%2fapp.db", "%2e%2e%2f%2e%2e%2fapp.db", "..%252f..%252fapp.db", "..%5c..%5capp.db", "%2fetc%2fpasswd",
        "..%2f..%2fapp.db%00.webp", "..%c0%af..%c0%afapp.db", "....%2f%2f....%2f%2fapp.db", "..%2fcoming%2f",
    ],
)  # fmt: skip
def test_a_request_cannot_leave_the_folder(client: Callable[..., AppClient], tmp_path: Path, name: str) -> None:
    """However the way out is written."""
    album = Album(client(upload_folder=tmp_path / "uploads"))
    album.show(album.app.register("ann"), png())
    answer = album.app.call("GET", f"/api/avatars/{name}")
    assert answer.status_code in {404, 422}
    assert b"SQLite" not in answer.content
