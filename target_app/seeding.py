"""A database of a stated size, the same rows for the same seed on every machine.

Accounts `reader0001`… come first and can log in, with the password `correct-horse-0001`…; the rest write the articles
and share one hash of a password that nobody knows. `moderator0001` and `admin0001` come last, with the password of
`reader0001`. Times are fixed, salts are drawn from the seed, and the generator is
written out below, so that nothing depends on a library's version. Every 20th article is paid, and has a coupon:
`SAVE0001` belongs to article 20, `SAVE0002` to article 40.
"""

import asyncio
import hashlib
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Table, func, insert, select
from sqlalchemy.exc import DBAPIError

from target_app.articles.models import BUCKETS, article_counts, article_tags, articles, favorites, tags
from target_app.articles.repository import encoded
from target_app.articles.slugs import slug
from target_app.comments.models import comments
from target_app.controls.password_hash import SCHEMES
from target_app.coupons.models import coupons
from target_app.database import DatabaseUnavailableError, sqlite_path
from target_app.postgres_session import FAILURES, reason, session
from target_app.settings import STATE
from target_app.sqlite import sqlite_engine
from target_app.users.models import follows, users
from target_app.users.roles import ROLES, Role

#: 1 January 2024, 00:00 UTC, in ms; every row is a minute later than the one before.
EPOCH_MS = 1_704_067_200_000
MINUTE_MS = 60_000
SENTENCES = 400
FOLLOWED_BY_READER = 12
FOLLOWED_BY_AUTHOR = 3
PAID_EVERY = 20
COUPON_USES = 1_000_000
STAFF_ROLES = ROLES[1:]

TAG_TEXT = (
    "python databases testing security performance design linux networks statistics writing cryptography caching "
    "queues search logging metrics tracing deployment migrations types concurrency memory storage protocols browsers "
    "accessibility typography teaching history tools"
)
TAG_NAMES = TAG_TEXT.split()
WORD_TEXT = (
    "a the this every one our their no each some small large slow quick plain careful simple honest broken quiet early "
    "late first last shared local remote table index query server client worker queue cache lock thread token password "
    "request answer report measure interval budget limit error test change release rollback reader writer author "
    "editor engineer team machine clock disk network page column row key value schema journal record snapshot copy "
    "keeps finds breaks costs saves hides shows moves holds waits fails grows reads writes sends drops counts explains "
    "before after under over beside without within between and but because while until when where"
)
WORDS = WORD_TEXT.split()


class Dice:
    """SplitMix64 (Steele, Lea and Flood 2014): 64-bit numbers that are the same everywhere."""

    def __init__(self, seed: int) -> None:
        self._state = seed & 0xFFFFFFFFFFFFFFFF

    def below(self, bound: int) -> int:
        """A number from 0 to `bound` - 1."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
        mixed = self._state
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
        return ((mixed ^ (mixed >> 31)) * bound) >> 64

    def some(self, things: Sequence[Any], count: int) -> list[Any]:
        """At most `count` different things, in the order in which they were drawn."""
        return list(dict.fromkeys(things[self.below(len(things))] for _ in range(count)))


@dataclass(frozen=True)
class Size:
    """How much to make."""

    articles: int
    users: int
    logins: int
    seed: int = 1


@dataclass
class Rows:
    """Every row of every table, columns in the order in which the table declares them."""

    tables: dict[Table, list[tuple[Any, ...]]] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many rows each table has."""
        return {str(table.name): len(rows) for table, rows in self.tables.items()}


def reader_name(number: int) -> str:
    """The name of an account that can log in."""
    return f"reader{number:04d}"


def reader_password(number: int) -> str:
    """Its password."""
    return f"correct-horse-{number:04d}"


def made(size: Size, hashes: Sequence[str]) -> Rows:
    """All rows. `hashes` has one for each account that can log in and one for all others."""
    dice = Dice(size.seed)
    sentences = [sentence(dice) for _ in range(SENTENCES)]
    user_ids = range(1, size.users + 1)
    authors = user_ids[size.logins :]
    tagged = {number: tags_of(dice) for number in range(1, size.articles + 1)}
    liked = list(likes(dice, size.articles, user_ids))
    favorites_counts = Counter(article for _, article in liked)
    tag_counts = Counter(chain.from_iterable(tagged.values()))
    rows = Rows(
        {
            users: [
                *(user_row(dice, number, size, hashes, sentences) for number in user_ids),
                *(staff_row(role, size.users + number, hashes[0]) for number, role in enumerate(STAFF_ROLES, start=1)),
            ],
            follows: list(followings(dice, size, authors)),
            articles: [
                article_row(dice, number, authors, tagged[number], favorites_counts[number], sentences)
                for number in range(1, size.articles + 1)
            ],
            article_tags: [
                (number, tag, position, favorites_counts[number])
                for number, names in tagged.items()
                for position, tag in enumerate(names)
            ],
            tags: sorted(tag_counts.items()),
            article_counts: [],
            favorites: liked,
            comments: list(remarks(dice, size.articles, user_ids, sentences)),
        }
    )
    buckets = Counter(row[1] % BUCKETS for row in rows.tables[articles])
    rows.tables[article_counts] = sorted(buckets.items())
    paid = [row for row in rows.tables[articles] if row[-1]]
    rows.tables[coupons] = [coupon_row(number, row[0], row[1]) for number, row in enumerate(paid, start=1)]
    return rows


def sentence(dice: Dice) -> str:
    """Six to fourteen words."""
    words = " ".join(WORDS[dice.below(len(WORDS))] for _ in range(6 + dice.below(9)))
    return f"{words.capitalize()}."


def tags_of(dice: Dice) -> list[str]:
    # The lower of two numbers: tags early in the list are used more often.
    """One to four tags of an article."""
    drawn = [min(dice.below(len(TAG_NAMES)), dice.below(len(TAG_NAMES))) for _ in range(1 + dice.below(4))]
    return list(dict.fromkeys(TAG_NAMES[number] for number in drawn))


def user_row(dice: Dice, number: int, size: Size, hashes: Sequence[str], sentences: Sequence[str]) -> tuple[Any, ...]:
    """A row of users."""
    reads = number <= size.logins
    name = reader_name(number) if reads else f"author{number - size.logins:04d}"
    bio = sentences[dice.below(len(sentences))] if dice.below(4) else None
    at = EPOCH_MS + number * MINUTE_MS
    password_hash = hashes[number - 1 if reads else -1]
    return (number, name, f"{name}@example.test", password_hash, bio, None, at, at, "reader", None, 0)


def staff_row(role: Role, number: int, password_hash: str) -> tuple[Any, ...]:
    """A row of users for somebody who moderates or administers, and neither writes nor reads."""
    name = f"{role}0001"
    at = EPOCH_MS + number * MINUTE_MS
    return (number, name, f"{name}@example.test", password_hash, None, None, at, at, role, None, 0)


def article_row(
    dice: Dice, number: int, authors: Sequence[int], names: Sequence[str], likes_: int, sentences: Sequence[str]
) -> tuple[Any, ...]:
    """A row of articles."""
    title = " ".join(sentences[dice.below(len(sentences))].rstrip(".").split()[: 4 + dice.below(4)])
    paragraphs = [" ".join(dice.some(sentences, 4 + dice.below(4))) for _ in range(2 + dice.below(3))]
    at = EPOCH_MS + number * MINUTE_MS
    author = authors[dice.below(len(authors))]
    description = sentences[dice.below(len(sentences))]
    body = "\n\n".join(paragraphs)
    return (
        number,
        author,
        slug(title, number),
        title,
        description,
        body,
        False,
        encoded(names),
        likes_,
        at,
        at,
        price(number),
    )


def price(number: int) -> int:
    """What an article costs, in minor units: every 20th has a price, the others are free."""
    return 0 if number % PAID_EVERY else 300 + number * 37 % 700


def coupon_row(number: int, article: int, author: int) -> tuple[Any, ...]:
    """A row of coupons: 10 to 90 % off one paid article."""
    at = EPOCH_MS + article * MINUTE_MS
    return (number, f"SAVE{number:04d}", author, article, 10 + number % 9 * 10, COUPON_USES, 0, at)


def likes(dice: Dice, article_count: int, user_ids: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rows of favorites."""
    for article in range(1, article_count + 1):
        for user in dice.some(user_ids, dice.below(7)):
            yield (user, article)


def followings(dice: Dice, size: Size, authors: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Rows of follows."""
    for follower in range(1, size.users + 1):
        wanted = FOLLOWED_BY_READER if follower <= size.logins else FOLLOWED_BY_AUTHOR
        for followed in dice.some(authors, wanted):
            if followed != follower:
                yield (follower, followed)


def remarks(
    dice: Dice, article_count: int, user_ids: Sequence[int], sentences: Sequence[str]
) -> Iterator[tuple[Any, ...]]:
    """Rows of comments."""
    number = 0
    for article in range(1, article_count + 1):
        for author in dice.some(user_ids, dice.below(5)):
            number += 1
            at = EPOCH_MS + (article_count + number) * MINUTE_MS
            yield (number, article, author, sentences[dice.below(len(sentences))], at, at)


def password_hashes(level: str, size: Size, cache: Path) -> list[str]:
    """A hash for each account that can log in and one for all others; kept in `cache`, for they take seconds."""
    key = f"{level}/{size.seed}"
    kept: dict[str, list[str]] = json.loads(cache.read_text()) if cache.exists() else {}
    found = kept.get(key, [])
    wanted = ["nobody", *(reader_password(number) for number in range(1, size.logins + 1))]
    if len(found) < len(wanted):
        scheme = SCHEMES[level]()
        missing = list(enumerate(wanted))[len(found) :]
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            found = found + list(threads.map(lambda one: scheme.hash(one[1], salt(size.seed, one[0])), missing))
        replace_file(cache, json.dumps(kept | {key: found}))
    nobody, *readers = found[: len(wanted)]
    return [*readers, nobody]


def salt(seed: int, number: int) -> bytes:
    """16 bytes for one account."""
    return hashlib.sha256(f"{seed}/{number}".encode()).digest()[:16]


def replace_file(path: Path, content: str) -> None:
    """Write a file in one step: another seeder may read it at the same moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    Path(temporary).replace(path)


def seed(url: str, level: str, size: Size, cache: Path | None = None) -> dict[str, int]:
    """Fill an empty, migrated database; how many rows each table got. Raises DatabaseUnavailableError."""
    path = sqlite_path(url)
    folder = STATE if path is None else path.parent
    hashes = password_hashes(level, size, cache or folder / "seed-hashes.json")
    rows = made(size, hashes)
    try:
        if path is None:
            asyncio.run(fill_postgres(url, rows))
        else:
            fill_sqlite(path, rows)
    except (DBAPIError, *FAILURES) as error:
        raise DatabaseUnavailableError(f"the database cannot be seeded: {reason(error)}") from None
    return rows.counts()


CONTINUE = "SELECT setval(pg_get_serial_sequence($1, 'id'), $2)"
NOT_EMPTY = "the database has users already; seed an empty one"


def fill_sqlite(path: Path, rows: Rows) -> None:
    """Write all rows in one transaction and leave one file that can be copied."""
    with sqlite_engine(path).connect() as connection:
        if connection.scalar(select(func.count()).select_from(users)):
            raise DatabaseUnavailableError(NOT_EMPTY)
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN IMMEDIATE")
        for table, values in rows.tables.items():
            driver.executemany(str(insert(table).compile(connection)), values)
        driver.execute("COMMIT")
        driver.execute("ANALYZE")
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def fill_postgres(url: str, rows: Rows) -> None:
    """COPY all rows in one transaction, and let the sequences go on behind them."""
    async with session(url) as connection:
        if await connection.fetchval(str(select(func.count()).select_from(users))):
            raise DatabaseUnavailableError(NOT_EMPTY)
        async with connection.transaction():
            for table, values in rows.tables.items():
                columns = [column.name for column in table.columns]
                await connection.copy_records_to_table(table.name, records=values, columns=columns)
            for table in (users, articles, comments, coupons):
                await connection.execute(CONTINUE, table.name, max(len(rows.tables[table]), 1))
        await connection.execute("VACUUM ANALYZE")
