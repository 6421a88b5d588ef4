"""The light WAF: what it refuses, what it lets pass, and that nothing else changes."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from security.corpus.load import load_corpus
from security.corpus.model import Case, Kind
from target_app.controls.waf import INSPECTED, MARK, MOST_TEXTS, broken_in_body, broken_in_head, first_broken
from target_app.controls.waf_rules import ANYWHERE, BEGINNING, BEGINNINGS, SELDOM, Rule, broken_rule
from target_app.controls.waf_text import Field
from tests.parts.target import TargetServer, empty_sqlite
from tests.target_app.app_client import AppClient, errors
from tests.target_app.realtime.stage import Stage

Make = Callable[..., AppClient]
ATTACK = "sea' OR 'rope'='rope"


def broken(case: Case) -> str | None:
    """The rule that a case of the corpus breaks."""
    path, _, query = case.request.target.partition("?")
    headers = [(name.lower().encode(), value.encode()) for name, value in case.request.headers]
    scope = {"raw_path": path.encode(), "query_string": query.encode(), "headers": headers}
    return broken_in_head(scope) or (broken_in_body(scope, case.request.body) if case.request.body else None)


def of_kind(kind: Kind) -> list[Case]:
    """All cases of one kind."""
    return [case for case in load_corpus() if case.kind == kind]


@pytest.mark.parametrize("category", sorted({case.category for case in of_kind("attack")}))
def test_of_each_class_most_attacks_are_refused(category: str) -> None:
    """At least 85 %, in whatever place and disguise."""
    cases = [case for case in of_kind("attack") if case.category == category]
    refused = [case for case in cases if broken(case)]
    assert len(refused) >= 0.85 * len(cases), [case.id for case in cases if case not in refused]


def test_hardly_any_benign_request_is_refused() -> None:
    """At most 1 %, and none of the contract."""
    refused = {case.id: rule for case in of_kind("benign") if (rule := broken(case))}
    assert len(refused) <= 0.01 * len(of_kind("benign")), refused
    assert [name for name in refused if name.startswith("contract/")] == []


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (ATTACK, "sql_break_out"),
        ("He said 'or 1 = 1' and left", None),
        ("%27%20or%201%3D1--", "sql_break_out"),
        ("%2527%2520or%25201%253D1--", "sql_break_out"),
        ("\\u0027 or 1=1", "sql_break_out"),
        ("x'/* */or/**/1=1", "sql_break_out"),
        ("bydOyAnIE9SIDE9MQ==", None),
        ("eCcgT1IgMT0xIC0t", "sql_break_out"),
        ("＜script＞print(1)＜/script＞", "script"),
        ("&lt;script&gt;print(1)&lt;/script&gt;", "script"),
        ("Write `<script>` at the end", None),
        ("`<script>print(1)</script>`", "script"),
        ("a" * 300 + "<script>print(1)</script>", "script"),
        ("../../keel.db", "path"),
        ("See ../../docs for more", None),
        ("sail.png; cat /etc/hosts", "command"),
        ("First we list; then cat food is bought", None),
    ],
)
def test_a_text_is_read_as_it_may_be_decoded(text: str, rule: str | None) -> None:
    """Percent-encoding twice, escapes, comments, base64, wide letters and entities; code that prose shows is left."""
    assert broken_rule(Field("value", text)) == rule


@pytest.mark.parametrize(
    ("rule", "length"),
    [*((rule, BEGINNING) for rule in BEGINNINGS), *((rule, INSPECTED) for rule in ANYWHERE)],
    ids=lambda value: value.name if isinstance(value, Rule) else "",
)
def test_no_text_makes_a_rule_slow(rule: Rule, length: int) -> None:
    """As much as it is ever given of its needles, with what its patterns repeat, takes less than 0.1 s of CPU."""
    for needle in rule.needles:
        for filler in ("", " ", "a", "('", "/", "x=", " on", "<a ", "9 "):
            text = (needle + filler) * (length // len(needle + filler))
            began = time.process_time()
            rule.pattern.search(text)
            assert time.process_time() - began < 0.1, (needle, filler)


@pytest.mark.parametrize("part", ["%2525", "\\u0027", "&amp;", "/*a", "`a", "```", "ﷺ", "'a", "A+/9", "<{$_@!#%]|"])
def test_no_text_is_slow_to_decode(part: str) -> None:
    """64 KiB of anything are judged within 0.2 s of CPU."""
    began = time.process_time()
    broken_rule(Field("value", part * (INSPECTED // len(part.encode()))))
    assert time.process_time() - began < 0.2


def test_rules_that_look_anywhere_have_a_seldom_character() -> None:
    """Otherwise each would cost as much as reading the whole text."""
    for rule in ANYWHERE:
        assert all(set(needle) & set(SELDOM[:10]) or "py/" in needle for needle in rule.needles), rule.name


def test_rules_have_names_of_their_own() -> None:
    """A log says which rule it was."""
    names = [rule.name for rule in (*BEGINNINGS, *ANYWHERE)]
    assert len(set(names)) == len(names)


def test_more_texts_than_can_be_read_are_refused() -> None:
    """As many as an import of articles may hold are read."""
    assert first_broken(Field("value", "sea's") for _ in range(MOST_TEXTS)) is None
    assert first_broken(Field("value", "sea's") for _ in range(MOST_TEXTS + 1)) == "too_many_texts"


@pytest.mark.parametrize(("level", "status"), [("off", 200), ("light", 403), ("proxy", 200), ("crs_pl1", 200)])
def test_who_refuses_in_this_process(client: Make, level: str, status: int) -> None:
    """Light alone: what stands in front of other levels is not this server's."""
    app = client(f"waf={level}")
    answer = app.call("GET", "/api/articles", params={"tag": ATTACK})
    assert answer.status_code == status
    if status == 403:
        assert errors(answer) == {"request": ["is refused"]}
        assert answer.headers.items() >= {name.lower(): value for name, value in MARK.items()}.items()
        assert app.metric('target_control_decisions_total{control="waf",decision="deny"}') == 1


def test_where_nothing_is_in_front_nothing_is_in_the_list(client: Make) -> None:
    """Off is no middleware that lets everything pass: the stack holds one part less."""
    depths = [depth(client(f"waf={level}").app) for level in ("off", "light")]
    assert depths[1] == depths[0] + 1


def depth(app: object) -> int:
    """How many parts stand one in another, from the app's middleware inwards."""
    inner, count = app.build_middleware_stack(), 0  # type: ignore[attr-defined]
    while (inner := getattr(inner, "_app", None) or getattr(inner, "app", None)) is not None:
        count += 1
    return count


def test_what_passes_is_what_was_sent(client: Make) -> None:
    """Bodies arrive whole: small, of many chunks, larger than what is looked at, and none."""
    app = client("waf=light")
    token = app.register("ann")
    for body in ("It's low tide.", "x" * INSPECTED, "y" * (3 * INSPECTED + 7)):
        slug = app.publish(token, body=body)
        assert app.call("GET", f"/api/articles/{slug}", token).json()["article"]["body"] == body
    assert app.call("DELETE", f"/api/articles/{slug}", token).status_code == 204
    assert app.metric('target_control_decisions_total{control="waf",decision="deny"}') == 0


def chunks(body: bytes, size: int) -> AsyncIterator[bytes]:
    """A body without a length, in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    return pieces()


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_chunks_hide_nothing(client: Make, size: int) -> None:
    """However an attack is cut, it is read as one."""
    app = client("waf=light")
    token = app.register("ann")
    body = b'{"article": {"title": "a", "description": "b", "body": "<script>print(1)</script>"}}'
    headers = {"Content-Type": "application/json"}
    answer = app.call("POST", "/api/articles", token, headers=headers, content=chunks(body, size))
    assert answer.status_code == 403


def test_what_comes_after_the_inspected_bytes_passes(client: Make) -> None:
    """The bound is a bound: an attack beyond it is not seen, one before it is."""
    app = client("waf=light")
    token = app.register("ann")
    early, late = "<script>print(1)</script>" + "x" * INSPECTED, "x" * INSPECTED + "<script>print(1)</script>"

    def status(body: str) -> int:
        article = {"title": "a", "description": "b", "body": body}
        return app.call("POST", "/api/articles", token, json={"article": article}).status_code

    assert (status(early), status(late)) == (403, 201)


def test_passwords_are_not_read(client: Make) -> None:
    """They are hashed and read by nothing else: whoever has an attack for a password may keep it."""
    app = client("waf=light")
    user = {"username": "ann", "email": "ann@example.test", "password": ATTACK}
    assert app.call("POST", "/api/users", json={"user": user}).status_code == 201


def test_a_picture_is_no_text(client: Make) -> None:
    """What is no UTF-8 in a form's file, or in a body of its own, is left alone; a file's name is read, and a text too
    that is cut off within a character.
    """
    app = client("waf=light")
    picture = b"<% {{ 31*41 }}" + bytes(range(256)) * 40

    def status(name: str, content: bytes) -> int:
        return app.call("POST", "/api/nowhere", files={"file": (name, content)}).status_code

    assert status("sail.png", picture) == 404
    assert status("sail.php", picture) == 403
    assert status("notes.md", b"{{ 31*41 }}") == 403
    assert status("notes.md", b"{{ 31*41 }}" + "é".encode() * INSPECTED) == 403
    assert app.call("POST", "/api/nowhere", content=picture).status_code == 404
    assert app.call("POST", "/api/nowhere", content=b"title: {{ 31*41 }}").status_code == 403


def test_a_form_is_read_field_by_field(client: Make) -> None:
    """As browsers write it: blanks as plus signs, the rest percent-encoded."""
    app = client("waf=light")

    def status(**fields: str) -> int:
        return app.call("POST", "/api/nowhere", data=fields).status_code

    assert status(note="It's low tide & fine", page="2") == 404
    assert status(page="2", note=ATTACK) == 403


@pytest.fixture
def stage(start_target: Callable[..., TargetServer], tmp_path: Path) -> Iterator[Stage]:
    """A real server behind the light WAF."""
    server = start_target("hardened,password_hash=sha256,waf=light", empty_sqlite(tmp_path))
    with httpx.Client(base_url=server.url, trust_env=False) as client:
        yield Stage(server, client)


def test_streams_and_sockets_flow(stage: Stage) -> None:
    """Comments are heard when they happen; a socket whose query is an attack is refused before it opens."""
    author = stage.register("ann")
    slug = stage.publish(author)
    with stage.socket(stage.ticket(author), slug) as socket, stage.events(author, slug) as lines:
        stage.comment(author, slug, "Ahoy")
        assert "Ahoy" in str(socket.recv(timeout=5))
        assert "Ahoy" in next(line for line in lines if line.startswith("data:"))
    assert stage.refused(stage.ticket(author), ATTACK) == 403
