"""The counts that lists show are kept, not counted: they must say what counting would."""

import asyncio
import random
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from target_app.database import sqlite_path
from target_app.migrations.run import migrate
from tests.parts.postgres import PostgresCluster
from tests.target_app.app_client import AppClient

TAGS = ("ale", "beer", "cider", "dram")
#: Each says how many rows break its rule.
RULES = {
    "all": "SELECT COUNT(*) FROM (SELECT 1 AS one WHERE (SELECT COALESCE(SUM(articles_count), 0) FROM article_counts) "
    "<> (SELECT COUNT(*) FROM articles WHERE NOT draft)) AS wrong",
    "by tag": "SELECT COUNT(*) FROM tags WHERE articles_count <> (SELECT COUNT(*) FROM article_tags "
    "JOIN articles ON articles.id = article_id WHERE tag = name AND NOT draft)",
    "tags": "SELECT COUNT(*) FROM article_tags WHERE NOT EXISTS (SELECT 1 FROM tags WHERE name = tag) "
    "AND EXISTS (SELECT 1 FROM articles WHERE articles.id = article_id AND NOT draft)",
    "favorites": "SELECT COUNT(*) FROM articles WHERE favorites_count <> "
    "(SELECT COUNT(*) FROM favorites WHERE article_id = articles.id)",
    "favorites by tag": "SELECT COUNT(*) FROM article_tags JOIN articles ON articles.id = article_id "
    "WHERE article_tags.favorites_count <> articles.favorites_count",
}

Step = tuple[str, str, str, Mapping[str, Any]]


def steps(dice: random.Random, tokens: list[str], slugs: list[str]) -> Step:
    """Something that an author or a reader does: method, path, token, content."""
    if len(slugs) < 4 or dice.random() < 0.15:
        fields = {"title": "t", "description": "d", "body": "b", "tagList": dice.sample(TAGS, dice.randrange(4))}
        article = {"article": fields | {"draft": dice.random() < 0.3}}
        return "POST", "/api/articles", tokens[0], {"json": article}
    slug = dice.choice(slugs)
    change = dice.choice(({"tagList": dice.sample(TAGS, dice.randrange(4))}, {"draft": dice.random() < 0.5}))
    favorite: tuple[Step, ...] = tuple(
        (method, f"/api/articles/{slug}/favorite", dice.choice(tokens), {}) for method in ("POST", "DELETE")
    )
    update: Step = ("PUT", f"/api/articles/{slug}", tokens[0], {"json": {"article": change}})
    (step,) = dice.choices(
        (update, *favorite, ("DELETE", f"/api/articles/{slug}", tokens[0], {})), weights=(5, 4, 2, 1)
    )
    return step


def broken(query: Callable[[str], int]) -> dict[str, int]:
    """The rules that do not hold, and how many rows break each."""
    found = {name: query(rule) for name, rule in RULES.items()}
    return {name: count for name, count in found.items() if count}


def counted_by(path: Path) -> Callable[[str], int]:
    """A count read from a SQLite file."""

    def query(sql: str) -> int:
        with closing(sqlite3.connect(path)) as connection:
            return int(connection.execute(sql).fetchone()[0])

    return query


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_kept_counts_are_true(client: Callable[..., AppClient], database_url: str, seed: int) -> None:
    """After 150 random changes by three users every count is what counting gives, and lists show it."""
    app, dice = client(), random.Random(seed)
    tokens = [app.register(name) for name in ("ann", "ben", "cleo")]
    slugs: list[str] = []
    for _ in range(150):
        method, path, token, content = steps(dice, tokens, slugs)
        answer = app.call(method, path, token, **content)
        assert answer.status_code in {200, 201, 204, 404}, answer.text
        if method == "POST" and answer.status_code == 201:
            slugs.append(answer.json()["article"]["slug"])
        elif method == "DELETE" and answer.status_code == 204:
            slugs.remove(path.rpartition("/")[2])
    file = sqlite_path(database_url)
    assert file is not None
    query = counted_by(file)
    assert broken(query) == {}
    assert query("SELECT COUNT(*) FROM articles WHERE NOT draft") > 0
    for tag in TAGS:
        shown = app.call("GET", f"/api/articles?tag={tag}&limit=100&sort=popular").json()
        assert shown["articlesCount"] == len(shown["articles"])
        assert [one["favoritesCount"] for one in shown["articles"]] == sorted(
            (one["favoritesCount"] for one in shown["articles"]), reverse=True
        )
    every = app.call("GET", "/api/articles?limit=100").json()
    assert every["articlesCount"] == len(every["articles"])


def test_kept_counts_are_true_when_all_write_at_once(postgres: PostgresCluster) -> None:
    """On PostgreSQL, with 20 writers at a time on the same few articles: no deadlock, and every count is true."""
    dice = random.Random(7)
    with postgres.database() as url:
        migrate(url)
        with AppClient("hardened,password_hash=sha256", url) as app:
            tokens = [app.register(name) for name in ("ann", "ben", "cleo")]
            slugs = [app.publish(tokens[0], tagList=dice.sample(TAGS, 3)) for _ in range(5)]

            async def burst() -> list[int]:
                chosen = [steps(dice, tokens, slugs) for _ in range(20)]
                answers = await asyncio.gather(
                    *(
                        app.send(method, path, token, "127.0.0.9", {}, **content)
                        for method, path, token, content in chosen
                    )
                )
                return [answer.status_code for answer in answers]

            statuses = {status for _ in range(12) for status in app.run(burst())}
        assert statuses <= {200, 201, 204, 404}
        name = url.rpartition("/")[2]
        assert broken(lambda sql: int(postgres.query(name, sql)[0])) == {}
