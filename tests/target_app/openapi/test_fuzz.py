import json
from pathlib import Path

import pytest

from target_app.app import document
from tests.parts.templates import SqliteTemplates
from tests.target_app.openapi.fuzz import Bodies, Operation, fuzz, judged, operations
from tests.target_app.openapi.served import served

COUNT = 3_000


def test_odd_bodies_are_refused_in_the_contracts_shape(seeded: SqliteTemplates, tmp_path: Path) -> None:
    """A slice of `make accept-fuzz`: no 5xx, no undeclared status, no connection lost, every refusal in shape."""
    with served(seeded, tmp_path) as there:
        server = there.server
        tally = fuzz(server.host, server.port, document(), there.signed, there.existing, count=COUNT, seed=1)
    assert not tally.wrongs, "\n".join(tally.wrong)
    assert tally.sent == COUNT
    assert {"201", "422"} <= set(tally.statuses), f"only refusals or none: {tally.statuses}"


def test_bodies_come_from_the_seed() -> None:
    """The same seed sends the same bodies, another one others."""
    (first, *_) = operations(document())

    def drawn(seed: int) -> list[tuple[bytes, str]]:
        bodies = Bodies(seed)
        return [bodies.body(first) for _ in range(50)]

    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


@pytest.mark.parametrize(
    ("status", "content", "wrong"),
    [
        (201, b"{}", False),
        (422, b'{"errors": {"title": ["is invalid"]}}', False),
        (422, b'{"errors": {"title": "is invalid"}}', True),
        (422, b'{"detail": []}', True),
        (422, b"not JSON", True),
        (418, b'{"errors": {"pot": ["is a teapot"]}}', True),
        (503, json.dumps({"errors": {"server": ["is busy"]}}).encode(), True),
    ],
)
def test_what_is_wrong_is_seen(status: int, content: bytes, wrong: bool) -> None:
    """A 5xx, an undeclared status and another shape are each noticed."""
    operation = Operation("POST", "/x", ("application/json",), {}, frozenset({201, 422, 503}))
    assert bool(judged(operation, status, content)) is wrong
