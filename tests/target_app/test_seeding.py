import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from target_app.controls.password_hash import SCHEMES
from target_app.database import DatabaseUnavailableError, sqlite_path
from target_app.migrations.run import migrate
from target_app.seeding import Dice, Size, password_hashes, reader_password, seed
from tests.parts.postgres import PostgresCluster
from tests.target_app.app_client import AppClient

SIZE = Size(articles=60, users=20, logins=4)
TABLES = ("users", "follows", "articles", "article_tags", "tags", "favorites", "comments", "coupons")


def dump(url: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every seeded table."""
    path = sqlite_path(url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        return {table: sorted(connection.execute(f"SELECT * FROM {table}"), key=str) for table in TABLES}


@pytest.fixture
def seeded_url(database_url: str) -> str:
    """A database of SIZE."""
    seed(database_url, "sha256", SIZE)
    return database_url


@pytest.fixture
def seeded_app(seeded_url: str) -> Iterator[AppClient]:
    """An app on a database of SIZE."""
    with AppClient("hardened,password_hash=sha256", seeded_url) as app:
        yield app


def test_the_generator_is_the_published_one() -> None:
    """SplitMix64 gives its reference values (seed 1234567, from the algorithm's own test vector)."""
    dice = Dice(1234567)
    assert [dice.below(2**64) for _ in range(3)] == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_equal_seeds_give_equal_rows(tmp_path: Path, seeded_url: str) -> None:
    """Two databases of one seed hold the same rows, hashes included; another seed gives others."""
    urls = [f"sqlite:///{tmp_path / name}" for name in ("again.db", "other.db")]
    for url, number in zip(urls, (1, 2), strict=True):
        migrate(url)
        seed(url, "sha256", Size(60, 20, 4, number))
    first, again, other = dump(seeded_url), dump(urls[0]), dump(urls[1])
    assert first == again
    assert first["articles"] != other["articles"]


def test_sizes_are_as_asked(seeded_url: str) -> None:
    """Articles and users as many as asked for; thirty tags at most; nothing empty."""
    rows = dump(seeded_url)
    assert len(rows["articles"]) == 60
    assert len(rows["users"]) == 20 + 2
    assert 20 <= len(rows["tags"]) <= 30
    assert all(rows[table] for table in TABLES)


def test_counts_are_in_step(seeded_url: str) -> None:
    """What is kept twice agrees: tags of articles, favorites, articles of tags."""
    path = sqlite_path(seeded_url)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        wrong = connection.execute(
            "SELECT count(*) FROM articles WHERE favorites_count != "
            "(SELECT count(*) FROM favorites WHERE article_id = articles.id)"
        ).fetchone()[0]
        wrong += connection.execute(
            "SELECT count(*) FROM tags WHERE articles_count != "
            "(SELECT count(*) FROM article_tags WHERE tag = tags.name)"
        ).fetchone()[0]
        for number, listed in connection.execute("SELECT id, tag_list FROM articles"):
            tags = connection.execute("SELECT tag FROM article_tags WHERE article_id = ? ORDER BY position", (number,))
            wrong += json.loads(listed) != [tag for (tag,) in tags]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert wrong == 0


def test_every_twentieth_article_is_paid_and_has_a_coupon(seeded_url: str) -> None:
    """Articles 20, 40 and 60 have prices, and coupons of their authors with the codes that load and probes use."""
    rows = dump(seeded_url)
    paid = {row[0]: row for row in rows["articles"] if row[-1]}
    assert sorted(paid) == [20, 40, 60]  # type: ignore[type-var]
    assert [(row[1], row[3]) for row in rows["coupons"]] == [("SAVE0001", 20), ("SAVE0002", 40), ("SAVE0003", 60)]
    assert all(row[2] == paid[row[3]][1] for row in rows["coupons"])


def test_readers_log_in_and_have_a_feed(seeded_app: AppClient) -> None:
    """The accounts that load and probes use exist, with their passwords, and follow authors who have written."""
    answer = seeded_app.log_in("reader0001", reader_password(1))
    assert answer.status_code == 200
    feed = seeded_app.call("GET", "/api/articles/feed", answer.json()["user"]["token"]).json()
    assert feed["articlesCount"] >= len(feed["articles"]) > 0
    assert seeded_app.log_in("author0001", reader_password(5)).status_code == 401


def test_what_comes_after_the_seed_gets_new_numbers(seeded_app: AppClient) -> None:
    """Articles, comments and users that are made later do not collide with seeded ones."""
    token = seeded_app.register("ann")
    slug = seeded_app.publish(token)
    assert slug == "title-0001p"  # 61 in base 36
    comment = {"comment": {"body": "hi"}}
    assert seeded_app.call("POST", f"/api/articles/{slug}/comments", token, json=comment).status_code == 201


def test_staff_can_log_in_and_nobody_else_has_a_role(seeded_app: AppClient, seeded_url: str) -> None:
    """A moderator and an admin stand last, with the password of the first reader."""
    staff = [(str(row[1]), row[8]) for row in dump(seeded_url)["users"] if row[8] != "reader"]
    assert sorted(staff) == [("admin0001", "admin"), ("moderator0001", "moderator")]
    for name, _ in staff:
        assert seeded_app.log_in(name, reader_password(1)).status_code == 200


def test_a_seeded_database_is_not_seeded_again(seeded_url: str) -> None:
    """Seeding twice is refused, and leaves the rows as they are."""
    with pytest.raises(DatabaseUnavailableError, match="has users already"):
        seed(seeded_url, "sha256", SIZE)
    assert len(dump(seeded_url)["users"]) == 20 + 2


def test_hashes_are_of_their_level_and_kept(tmp_path: Path) -> None:
    """Each account has a hash of its own password; a second run reads them from the cache, also for fewer accounts."""
    cache = tmp_path / "hashes.json"
    hashes = password_hashes("bcrypt_4", SIZE, cache)
    scheme = SCHEMES["bcrypt_4"]()
    assert [scheme.verify(reader_password(number + 1), stored) for number, stored in enumerate(hashes)] == [
        *[True] * SIZE.logins,
        False,
    ]
    kept = cache.stat().st_mtime_ns
    assert password_hashes("bcrypt_4", SIZE, cache) == hashes
    assert password_hashes("bcrypt_4", Size(1, 3, 2), cache) == [*hashes[:2], hashes[-1]]
    assert cache.stat().st_mtime_ns == kept
    assert password_hashes("bcrypt_4", Size(1, 8, 6), cache)[:4] == hashes[:4]


def test_postgres_holds_the_same_rows(postgres: PostgresCluster, seeded_url: str, tmp_path: Path) -> None:
    """COPY into PostgreSQL writes what SQLite holds, and new rows go on behind it."""
    with postgres.database() as url:
        migrate(url)
        seed(url, "sha256", SIZE, tmp_path / "hashes.json")
        name = url.rpartition("/")[2]
        for table, rows in dump(seeded_url).items():
            assert postgres.query(name, f"SELECT count(*) FROM {table}") == [str(len(rows))]
        shown = "SELECT id, username, email, password_hash, created_at FROM users ORDER BY id"
        in_sqlite = [(row[0], row[1], row[2], row[3], row[6]) for row in dump(seeded_url)["users"]]
        expected = {"|".join(map(str, row)) for row in in_sqlite}
        assert set(postgres.query(name, shown)) == expected
        assert postgres.query(name, "SELECT nextval(pg_get_serial_sequence('articles', 'id'))") == ["61"]
