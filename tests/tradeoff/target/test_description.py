"""target.toml is checked when it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tradeoff.target.description import read_target
from tradeoff.target.errors import TradeoffError

OURS = Path(__file__).resolve().parents[3] / "target.toml"


def test_the_reference_backend_is_described() -> None:
    """Our own target.toml is valid and knows where it stands."""
    target = read_target(OURS)
    assert target.name == "conduit"
    assert target.root == OURS.parent
    assert sum(target.load.mix.values()) == 100


def test_tls_is_spoken_where_the_level_says_so() -> None:
    """Arms at a level of TLS are asked over https; a front cannot stand before one of them."""
    target = read_target(OURS)
    assert [target.scheme_for({"transport": level}) for level in ("http", "tls12")] == ["http", "https"]
    with pytest.raises(TradeoffError, match="leave out one of the two"):
        target.scheme_for({"transport": "tls12", "waf": "proxy"})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("schema = 1", "schema = 2"), "schema"),
        (('name = "conduit"', 'name = "Con duit"'), "name"),
        (("[ready]", "[redy]"), "redy"),
        (("articles = 1000", "articles = -1"), "database.articles"),
        (("[login]", "[login"), "not valid TOML"),
        (("anonymous_reader = 70", "anonymous_reader = 0"), "load.mix"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    """Each broken file is refused in one sentence that names the place."""
    text = OURS.read_text(encoding="utf-8")
    assert change[0] in text
    broken = tmp_path / "target.toml"
    broken.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(TradeoffError, match=says) as caught:
        read_target(broken)
    assert "\n" not in str(caught.value)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    """The sentence names the option."""
    with pytest.raises(TradeoffError, match="--target"):
        read_target(tmp_path / "absent.toml")
