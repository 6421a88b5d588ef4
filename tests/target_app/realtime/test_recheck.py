"""What no notice told of is found out: changes made through another worker without Redis between."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from target_app.events import Change
from target_app.realtime.hub import Hub
from target_app.realtime.service import RealtimeService
from target_app.realtime.subscriber import Ending, Subscriber
from target_app.unit_of_work import UnitOfWork
from target_app.users.session import Session
from target_app.web.errors import ApiError
from tests.target_app.app_client import AppClient

Make = Callable[..., AppClient]


class Scene:
    """A reader connected to an app, and changes that the app is not told of."""

    def __init__(self, app: AppClient) -> None:
        self.app = app
        self.author, self.reader = app.register("author"), app.register("reader")
        self.slug = app.publish(self.author)
        self.hub: Hub = app.app.state.parts.realtime.hub
        self.service: RealtimeService = app.app.state.parts.realtime.service

    def connect(self, user: int = 2) -> Subscriber:
        """A subscriber to the article."""
        return self.app.run(self.service.open(self.work(), Session(user, 0), [self.slug], "sse"))  # type: ignore[no-any-return]

    def work(self) -> UnitOfWork:
        return UnitOfWork(self.app.app.state.parts.database)

    def behind_its_back(self, *statements: str) -> None:
        """Change the database as another process does, and look again."""
        path = self.app.settings.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        tasks = self.app.app.state.parts.background._tasks
        self.app.run(next(task.run for task in tasks if task.name == "recheck_streams")())


@pytest.fixture
def scene(client: Make) -> Scene:
    return Scene(client())


def test_nothing_changed(scene: Scene) -> None:
    """A second look takes nothing away."""
    scene.app.call("POST", "/api/profiles/author/follow", scene.reader)
    reader = scene.connect()
    scene.behind_its_back()
    assert reader.topics == {"user:2", "author:1", "article:1"}
    assert reader.ending is None


def test_an_article_that_became_a_draft(scene: Scene) -> None:
    """Its readers hear it no more; its author does."""
    reader, author = scene.connect(2), scene.connect(1)
    scene.behind_its_back("UPDATE articles SET draft = 1")
    assert reader.topics == {"user:2"}
    assert author.topics == {"user:1", "article:1"}


def test_an_article_that_was_deleted(scene: Scene) -> None:
    """Nobody hears it."""
    author = scene.connect(1)
    scene.behind_its_back("DELETE FROM articles")
    assert author.topics == {"user:1"}


def test_follows(scene: Scene) -> None:
    """Follows that are new are heard, those that are gone are not."""
    reader = scene.connect()
    scene.behind_its_back("INSERT INTO follows VALUES (2, 1)")
    assert "author:1" in reader.topics
    scene.behind_its_back("DELETE FROM follows")
    assert "author:1" not in reader.topics


def test_an_account_that_is_gone(scene: Scene) -> None:
    """Its connections end."""
    reader, author = scene.connect(2), scene.connect(1)
    scene.behind_its_back("DELETE FROM users WHERE id = 2")
    assert reader.ending is Ending.SIGNED_OUT
    assert author.ending is None


def test_disconnecting_a_user_closes_every_connection(scene: Scene) -> None:
    """At once, and of that user alone."""
    readers, author = [scene.connect(2), scene.connect(2)], scene.connect(1)
    scene.app.run(at_once(lambda: scene.hub.disconnect(2)))
    assert [reader.ending for reader in readers] == [Ending.SIGNED_OUT] * 2
    assert author.ending is None


async def at_once(call: Callable[[], None]) -> None:
    call()


def test_what_changes_while_a_connection_opens(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """An article hidden between the look at it and the first message is not heard: it is looked at again."""
    readable = scene.service._articles.readable
    looks = 0

    async def hidden_meanwhile(work: UnitOfWork, slug: str, viewer: int | None) -> object:
        nonlocal looks
        looks += 1
        found = await readable(work, slug, viewer)
        if looks == 1:
            path = scene.app.settings.database_url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path)) as connection:
                connection.execute("UPDATE articles SET draft = 1")
                connection.commit()
            scene.hub.change(Change("hide", found.id))
        return found

    monkeypatch.setattr(scene.service._articles, "readable", hidden_meanwhile)
    with pytest.raises(ApiError) as refused:
        scene.connect()
    assert refused.value.status == 404
    assert looks == 2
    assert not scene.hub.audience("user")
