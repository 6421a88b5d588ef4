"""Text that is taken for something else: a path, a template, a command, a place to go on to."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from security.regression.exchange import Request
from security.stranger.check import NothingToAttackError, Tries
from security.stranger.discovery import actions, creations
from security.stranger.finding import Flaw, flaw, good
from security.stranger.leaves import leaves
from security.stranger.operation import Operation, words_of
from security.stranger.world import World

FILE = re.compile(
    r"\b(file|files|filename|path|filepath|document|doc|template|attachment|name|key|image|photo|img|dir|folder|page|lang|report|log|download|asset|resource)\b"
)
FILES = re.compile(
    r"\b(files?|downloads?|attachments?|documents?|docs|static|media|uploads?|assets?|templates?|logs?|reports?|images?|export|backup|avatars?|receipts?|photos?)\b"
)
UP = "../" * 10
PATHS = (
    f"{UP}etc/passwd",
    "/etc/passwd",
    "....//" * 10 + "etc/passwd",
    f"{UP}etc/passwd\0.txt",
    "%2e%2e/" * 10 + "etc/passwd",
)
PASSWD = re.compile(r"root:[^:\n]*:0:0:")
ARITHMETIC = "{{%(left)d*%(right)d}}${%(left)d*%(right)d}<%%= %(left)d*%(right)d %%>"
FACTORS = ((713, 191), (717, 193))
COMMAND = re.compile(r"\b(host|hostname|ip|domain|address|target|cmd|command|server|filename|file|name|url)\b")
RUNS = re.compile(
    r"\b(ping|lookup|dns|nslookup|trace|traceroute|whois|convert|exec|execute|run|diag|diagnostics?|command|shell|tools?|network|check|compress|archive|backup)\b"
)
REDIRECT = re.compile(
    r"^(next|redirect|redirect ur[il]|redirect to|return|return to|return ur[il]|continue|goto|url|target|dest"
    r"|destination|to)$"
)
SLEEP_S = 1.2
EVIL_HOST = "evil.example"


@dataclass(frozen=True)
class Field:
    """A property or parameter of an operation that takes text."""

    operation: Operation
    request: Request
    name: str
    place: str

    def holding(self, value: str) -> Request:
        """The request with this value in the place."""
        if self.place == "body":
            return replace(
                self.request,
                json=_put(self.request.json, self.name, value),
                form=_put(self.request.form, self.name, value),
            )
        part: dict[str, Any] = {"path": self.request.params, "query": self.request.query}[self.place] | {
            self.name: value
        }  # type: ignore[operator]
        return replace(self.request, params=part) if self.place == "path" else replace(self.request, query=part)


def _put(body: Any, name: str, value: str) -> Any:
    if isinstance(body, dict):
        return {
            key: value if key == name and not isinstance(one, dict) else _put(one, name, value)
            for key, one in body.items()
        }
    return body


def fields(world: World, names: re.Pattern[str], words: re.Pattern[str] | None, *methods: str) -> list[Field]:
    """Text fields with such a name, of operations with such words; GETs and those that answer with a document first."""
    found: list[Field] = []
    for one in world.document.operations:
        fits = words is None or words.search(f"{one.path_words} {words_of(one.words)}")
        params = world.params(one, world.alice) if one.method in methods and not one.looks_administrative else None
        if one.method in methods and params is None and len(one.places) == 1:
            params = {one.places[0]: "probe"}
        if params is None or not fits or one in (world.register, world.log_in):
            continue
        body = world.body(one, world.alice, world.mark(), whole=True) if one.body and one.method != "GET" else None
        request = world.request(one, world.alice, params, body)
        found += [
            Field(one, request, each.name, "query")
            for each in one.parameters
            if each.place == "query" and names.search(words_of(each.name))
        ]
        found += [
            Field(one, request, place, "path")
            for place in one.places[-1:]
            if one.method == "GET" and one.is_item and names.search(words_of(place))
        ]
        texts = [leaf.key for leaf in leaves(body)] if body else []
        found += [Field(one, request, name, "body") for name in texts if names.search(words_of(name))]
    return found


def path_traversal(world: World, tries: Tries) -> Iterator[Flaw]:
    """A file outside the folder is served: the list of users that every Unix has."""
    places = fields(world, FILE, None, "GET", "POST")
    places = sorted(
        (
            one
            for one in places
            if FILES.search(one.operation.path_words)
            or re.search(r"\b(file|filename|path|template|doc|document|page)\b", words_of(one.name))
        ),
        key=lambda one: one.operation.method,
    )[:6]
    if not places:
        raise NothingToAttackError("No operation takes the name of a file.")
    for place in places:
        tries.expect(1)
        for path in PATHS:
            answer = world.send(world.alice, place.holding(path))
            if answer.ok and PASSWD.search(answer.answer.text):
                conditions = [good(0), {"of": 0, "matches": PASSWD.pattern}]
                yield flaw(
                    answer,
                    f"{place.name} leads out of the folder: /etc/passwd is served.",
                    [answer],
                    conditions,
                    place.name,
                )
                break
        tries.count()


def template(world: World, tries: Tries) -> Iterator[Flaw]:
    """Arithmetic in the braces of a template is worked out, twice with other numbers."""
    makers = [one for one in (*actions(world), *creations(world)) if one.body is not None]
    spoken = re.compile(
        r"\b(render|preview|template|greeting|greet|message|email|mail|report|invoice|certificate|letter|notif\w+)\b"
    )
    makers.sort(key=lambda one: not spoken.search(f"{one.path_words} {words_of(one.words)}"))
    queries = [
        one
        for one in fields(
            world, re.compile(r"\b(name|message|text|title|template|greeting|content|subject)\b"), None, "GET"
        )
        if one.place == "query"
    ]
    if not makers and not queries:
        raise NothingToAttackError("No operation takes a text that could be a template.")
    for field in queries[:3]:
        tries.expect(1)
        yield from _worked_out(world, field.holding, field.name)
        tries.count()
    for operation in makers[:6]:
        params = world.params(operation, world.alice)
        if params is None:
            continue
        tries.expect(1)
        body = world.body(operation, world.alice, world.mark(), whole=True)
        texts = [
            leaf.key
            for leaf in leaves(body)
            if isinstance(leaf.value, str)
            and (world.nonce in leaf.value or spoken.search(leaf.words))
            and "@" not in leaf.value
            and "://" not in leaf.value
        ]
        if texts:
            request = world.request(operation, world.alice, params, body)
            yield from _worked_out(world, functools.partial(_all_put, request, texts), texts[0])
        tries.count()


def _all_put(request: Request, names: list[str], text: str) -> Request:
    for name in names:
        request = replace(request, json=_put(request.json, name, text), form=_put(request.form, name, text))
    return request


def _worked_out(world: World, made: Callable[[str], Request], name: str) -> Iterator[Flaw]:
    answers = []
    for left, right in FACTORS:
        answer = world.send(world.alice, made(ARITHMETIC % {"left": left, "right": right}))
        result = str(left * right)
        if result not in answer.answer.text:
            return
        answers.append((answer, result))
    conditions = [{"of": at, "contains": result} for at, (_, result) in enumerate(answers)]
    sentence = f"Arithmetic in {name} is worked out: {answers[0][1]} and {answers[1][1]} come back."
    yield flaw(answers[0][0], sentence, [one for one, _ in answers], conditions, name)


def command(world: World, tries: Tries) -> Iterator[Flaw]:
    """A second command is run: it works out a number, or waits, twice."""
    places = fields(world, COMMAND, RUNS, "GET", "POST")[:4]
    if not places:
        raise NothingToAttackError("No operation looks as if it ran a command.")
    for place in places:
        tries.expect(1)
        yield from _run(world, place)
        tries.count()


def _run(world: World, place: Field) -> Iterator[Flaw]:
    for before in ("127.0.0.1; ", "127.0.0.1 | ", "$(", "x & "):
        after = ")" if before == "$(" else ""
        answer = world.send(world.alice, place.holding(f"{before}echo $((713*191)){after}"))
        if "136183" in answer.answer.text:
            yield flaw(
                answer,
                f"A second command in {place.name} is run: its number comes back.",
                [answer],
                [{"of": 0, "contains": "136183"}],
                place.name,
            )
            return
    quick = world.send(world.alice, place.holding("127.0.0.1; sleep 0"))
    slow = world.send(world.alice, place.holding(f"127.0.0.1; sleep {SLEEP_S}"))
    if slow.answer.seconds - quick.answer.seconds < 0.8 * SLEEP_S:
        return
    again = [world.send(world.alice, place.holding(f"127.0.0.1; sleep {seconds}")) for seconds in (0, SLEEP_S)]
    if again[1].answer.seconds - again[0].answer.seconds >= 0.8 * SLEEP_S:
        conditions = [{"of": 1, "slower_by": [0, 0.8 * SLEEP_S]}]
        yield flaw(
            slow,
            f"A second command in {place.name} is run: the answer waits for it, twice.",
            [quick, slow],
            conditions,
            place.name,
        )


def open_redirect(world: World, tries: Tries) -> Iterator[Flaw]:
    """A link of the application leads wherever its query says."""
    places = [one for one in fields(world, REDIRECT, None, "GET") if one.place == "query"]
    if not places:
        raise NothingToAttackError("No GET takes a place to go on to.")
    for place in places[:3]:
        tries.expect(1)
        answer = world.send(world.alice, place.holding(f"https://{EVIL_HOST}/"))
        tries.count()
        if 300 <= answer.status < 400 and answer.answer.header("location").startswith(f"https://{EVIL_HOST}"):
            conditions = [
                {"of": 0, "status": [300, 399]},
                {"of": 0, "header": ["location", f"^https://{re.escape(EVIL_HOST)}"]},
            ]
            yield flaw(answer, f"{place.name} redirects to any host.", [answer], conditions, place.name)
