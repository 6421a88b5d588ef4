"""Documents that do harm where they are read carelessly."""

import pickle
from contextlib import suppress
from pathlib import Path
from time import thread_time
from typing import Any

import pytest

from target_app.controls.deserialization import load_yaml
from target_app.controls.input_limits import DEEPEST, MOST_NODES
from target_app.transfer import plain_json
from target_app.transfer.schemas import LARGEST_FILE
from tests.target_app.app_client import errors
from tests.target_app.transfer.files import IMPORT, importing


def load_json(content: bytes) -> Any:
    """As `input_limits` reads it."""
    return plain_json.load(content, MOST_NODES, DEEPEST)


NINE = "".join(f"{name}: &{name} [{', '.join(['*' + chr(ord(name) - 1)] * 9)}]\n" for name in "bcdefghi")


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("[yes, 0x10, 010, 1.5, 1:30, .inf, 9999999999999999999]",
         ["yes", "0x10", "010", "1.5", "1:30", ".inf", "9999999999999999999"]),
        ("[true, null, ~, -12, 0, '5', 'true']", [True, None, None, -12, 0, "5", "true"]),
        ("<<: {a: b}", {"<<": {"a": "b"}}),
        ("a: |\n  b\n  c\n", {"a": "b\nc\n"}),
        ("\ufeffa: b", {"a": "b"}),
        ("a: x%y\nb: '%'", {"a": "x%y", "b": "%"}),
        ("", None),
    ],
)  # fmt: skip
def test_yaml_says_no_more_than_json(document: str, value: Any) -> None:
    """Texts stay texts; only what JSON would write so is an integer, a truth value or null."""
    assert load_yaml(document.encode()) == value


@pytest.mark.parametrize(
    "document",
    [
        f"a: &a [x, x, x, x, x, x, x, x, x]\n{NINE}", "a: &a 1\nb: *a", "a: &a b", "&a [*a]",
        "!!python/object/apply:os.system ['true']", "!!python/name:os.system", "a: !!int '5'", "! a", "!x a",
        "--- a\n--- b", "%YAML 1.1\n--- a", "#\n%YAML 1.1\n--- a", "\n\x85%TAG ! x\n--- a", "%TAG ! tag:a\n--- a",
        "a\n...\n\u2028%TAG ! x\n--- b",
        "{[a]: b}", "{{a: b}: c}", "[", "a: b: c", "\tx", "[" * 17 + "]" * 17, '"\\ud800"',
    ],
)  # fmt: skip
def test_yaml_with_more_in_it_is_refused(document: str) -> None:
    """Anchors and aliases, tags, directives, further documents, keys that are no texts, and depth."""
    with pytest.raises(ValueError, match=r"."):
        load_yaml(document.encode())


def test_depth_and_size_are_bounded() -> None:
    """The last that is read, and the first that is not, in either language."""
    for load in (load_json, load_yaml):
        assert load(b"[" * DEEPEST + b"]" * DEEPEST) is not None
        assert len(load(b"[1" + b",1" * (MOST_NODES // 2) + b"]")) == MOST_NODES // 2 + 1
        for document in (b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1), b"[1" + b",1" * MOST_NODES + b"]"):
            with pytest.raises(ValueError, match="too large or too deep"):
                load(document)


def test_brackets_in_texts_are_no_structure() -> None:
    """Escaped quotes do not end a text."""
    written = b'["' + b"[{,:" * MOST_NODES + b'\\"[[[[[[[[[[[[[[[[[[[[\\\\", "]"]'
    assert load_json(written) == ["[{,:" * MOST_NODES + '"[[[[[[[[[[[[[[[[[[[[\\', "]"]


PIECES = ("[", "{", "- ", "? ", "a: ", "a:\n ", '"', "'", "&a ", "*a ", "!a ", "|\n ", "\n", " ", "#", "%TAG !a x\n",
          "a\n", "---\n", "[a,", "\\", '"a', "]", "1", ",", '\\"')  # fmt: skip


@pytest.mark.parametrize("piece", [*PIECES, "tags"])
def test_the_largest_file_is_read_or_refused_in_a_moment(piece: str) -> None:
    """No document makes a reader slow: a thread's time is everybody's."""
    if piece == "tags":  # libyaml compares each with each: minutes for these
        document = "".join(f"%TAG !a{number:x}! x\n" for number in range(200_000)).encode()
    else:
        document = (piece * LARGEST_FILE)[:LARGEST_FILE].encode()
    for load in (load_json, load_yaml):
        for whole in (document, b'{"a": "' + document[:-9]):
            began = thread_time()
            with suppress(ValueError):
                load(whole)
            assert thread_time() - began < 1, load


def test_a_pickle_leaves_no_mark(client: Any, tmp_path: Path) -> None:
    """Neither under its own type nor as YAML or JSON is anything run."""
    app, mark = client(), tmp_path / "mark"

    class Marks:
        def __reduce__(self) -> Any:
            return (mark.write_text, ("here",))

    token = app.register("ann")
    calls = f"!!python/object/apply:os.system ['touch {mark}']"
    for content in (pickle.dumps(Marks()), pickle.dumps(Marks(), 0), calls.encode(), f"articles: [{calls}]".encode()):
        for media_type in ("application/json", "application/yaml", "application/octet-stream", "application/pickle"):
            assert importing(app, token, content, media_type).status_code in {415, 422}
    assert not mark.exists()


@pytest.mark.parametrize(
    ("level", "content", "media_type"),
    [
        ("pickle", b"(dVarticles\n(l(dVtitle\ncoperator\nconcat\n(VTi\nVtle\ntRsVdescription\nVA\nsVbody\nVB\nsas.",
         "application/octet-stream"),
        ("yaml_load", b"articles: [{title: !!python/object/apply:operator.concat [Ti, tle], description: A, body: B}]",
         "text/yaml"),
    ],
)  # fmt: skip
def test_a_weak_level_calls_what_a_file_names(client: Any, level: str, content: bytes, media_type: str) -> None:
    """The title is computed; what is no such file at all is refused as elsewhere, and JSON is read as by `safe`."""
    app = client(f"deserialization={level}")
    token = app.register("ann")
    answer = importing(app, token, content, media_type)
    assert (answer.status_code, answer.json()["articles"][0]["title"]) == (201, "Title")
    assert importing(app, token, b"\x80[: ", media_type).status_code == 422
    assert importing(app, token, b"[" * (DEEPEST + 1), "application/json").status_code == 422
    assert importing(app, token, content, "application/x-unknown").status_code == 415


def test_a_refusal_is_counted_and_tells_nothing(client: Any) -> None:
    """The parser's words stay here."""
    app = client()
    answer = importing(app, app.register("ann"), b"a: &a [*a]", "text/yaml")
    assert (answer.status_code, errors(answer)) == (422, {"body": ["is invalid"]})
    assert app.metric('target_control_decisions_total{control="deserialization",decision="deny"}') == 1


def test_a_file_that_is_too_large(client: Any) -> None:
    """413, before anything is parsed."""
    app = client()
    answer = app.call("POST", IMPORT, app.register("ann"), content=b" " * (LARGEST_FILE + 1))
    assert (answer.status_code, errors(answer)) == (413, {"body": ["is too large"]})
