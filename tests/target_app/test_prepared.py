import asyncio

import pytest
from sqlalchemy import bindparam, delete, insert, select, update

from target_app.articles.models import tags
from target_app.database import connect, transaction
from target_app.metrics import Metrics
from target_app.prepared import Prepared

BY_NAME = Prepared(
    select(tags.c.name, tags.c.articles_count).where(tags.c.name == bindparam("name"), tags.c.articles_count > 0)
)


def test_parameters_stand_in_their_places() -> None:
    """Named values go where the statement has them, its own constants too; a missing one is an error."""
    assert BY_NAME.sqlite.arguments({"name": "x", "other": 1}) == ["x", 0]
    with pytest.raises(KeyError):
        BY_NAME.sqlite.arguments({})


def test_changes_are_prepared_too(database_url: str) -> None:
    """INSERT, UPDATE and DELETE say how many rows they matched; one with RETURNING is done when its row is read."""
    add = Prepared(insert(tags).values(name=bindparam("tag"), articles_count=1).returning(tags.c.name))
    count = Prepared(update(tags).where(tags.c.name == bindparam("tag")).values(articles_count=bindparam("count")))
    remove = Prepared(delete(tags).where(tags.c.name == bindparam("tag")))

    async def work() -> list[object]:
        database = connect(database_url, Metrics())
        async with transaction(database) as connection:
            seen: list[object] = [await connection.fetch_one(add, {"tag": tag}) for tag in ("x", "y")]
            seen += [await connection.change(count, {"tag": tag, "count": 2}) for tag in ("x", "z")]
            seen.append(await connection.change(remove, {"tag": "y"}))
        reader = await database.open_reading()
        seen.append(list(await reader.fetch_all(BY_NAME, {"name": "x"})))
        await database.close()
        return seen

    assert asyncio.run(work()) == [("x",), ("y",), 1, 0, 1, [("x", 2)]]


def test_a_list_of_values_cannot_be_prepared() -> None:
    """The text of such a statement depends on how many values there are."""
    with pytest.raises(TypeError, match="no one text"):
        Prepared(select(tags.c.name).where(tags.c.name.in_(bindparam("names", expanding=True))))


def test_prepared_statements_see_the_transaction_and_end_with_it(database_url: str) -> None:
    """Inside a transaction they read its writes; a transaction that ran nothing else frees the write lock too."""

    async def work() -> list[object]:
        database = connect(database_url, Metrics())
        seen: list[object] = []
        async with transaction(database) as connection:
            await connection.run(insert(tags).values(name="x", articles_count=2))
            seen.append(await connection.fetch_one(BY_NAME, {"name": "x"}))
        for _ in range(2):
            async with transaction(database) as connection:
                seen.append(list(await connection.fetch_all(BY_NAME, {"name": "x"})))
            writer = await database.open_writing()
            await writer.fetch_one(BY_NAME, {"name": "x"})
            await writer.rollback()
        await database.close()
        return seen

    assert asyncio.run(work()) == [("x", 2), [("x", 2)], [("x", 2)]]
