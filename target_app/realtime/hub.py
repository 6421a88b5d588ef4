"""Who hears what, on this worker, and through the relay on all others.

Delivery is at most once and in order: what is announced while a connection is down, or while its queue is full, is
gone, and the reader asks the API again. Announcing never waits; nobody is delayed by another's slowness.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import orjson

from target_app.controls.socket_limits import SocketLimits
from target_app.events import Change, Event
from target_app.metrics import Metrics
from target_app.realtime.message import Message
from target_app.realtime.subscriber import Ending, Subscriber
from target_app.users.session import Session

KINDS = ("websocket", "sse")


class Relay(Protocol):
    """Carries what one worker announces to all others."""

    def send(self, notice: dict[str, Any]) -> None:
        """Queue it; never waits."""

    def start(self, heard: Callable[[dict[str, Any]], None]) -> None:
        """Begin, and pass on what others send."""

    async def stop(self) -> None:
        """End."""


class NoRelay:
    """This worker hears itself alone."""

    def send(self, _notice: dict[str, Any]) -> None:
        """Nobody else is told."""
        return

    def start(self, _heard: Callable[[dict[str, Any]], None]) -> None:
        """Nothing to begin."""
        return

    async def stop(self) -> None:
        """Nothing to end."""
        return


class Hub:
    """Topics and the subscribers of each. Every call returns at once."""

    def __init__(self, metrics: Metrics, limits: SocketLimits, relay: Relay) -> None:
        self._limits = limits
        self._relay = relay
        self._topics: dict[str, set[Subscriber]] = {}
        self._open = 0
        self._sockets = {kind: metrics.sockets(kind) for kind in KINDS}
        self._announced = metrics.messages("announced")
        self._delivered = metrics.messages("delivered")
        self._dropped = metrics.messages("dropped")
        #: Changes so far: what was read from the database before one may be wrong after it.
        self.changes = 0

    def start(self) -> None:
        """Hear other workers."""
        self._relay.start(self.heard)

    async def stop(self) -> None:
        """Hear them no more."""
        await self._relay.stop()

    def join(self, session: Session, kind: str) -> Subscriber:
        """A new subscriber, which hears its user's own topic. Raises ApiError 429 or 503."""
        topic = f"user:{session.user_id}"
        self._limits.admit(self._open, len(self._topics.get(topic, ())))
        subscriber = Subscriber(session, kind)
        self._open += 1
        self._sockets[kind].inc()
        self.listen(subscriber, topic)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """The connection has ended."""
        for topic in tuple(subscriber.topics):
            self.ignore(subscriber, topic)
        self._open -= 1
        self._sockets[subscriber.kind].dec()

    def listen(self, subscriber: Subscriber, topic: str) -> None:
        """Hear this topic too."""
        self._topics.setdefault(topic, set()).add(subscriber)
        subscriber.topics.add(topic)

    def ignore(self, subscriber: Subscriber, topic: str) -> None:
        """Hear it no more."""
        subscriber.topics.discard(topic)
        heard_by = self._topics.get(topic)
        if heard_by is not None:
            heard_by.discard(subscriber)
            if not heard_by:
                del self._topics[topic]

    def follow_exactly(self, subscriber: Subscriber, authors: Iterable[int]) -> None:
        """Hear these authors and no others."""
        wanted = {f"author:{author}" for author in authors}
        for topic in [one for one in subscriber.topics - wanted if one.startswith("author:")]:
            self.ignore(subscriber, topic)
        for topic in wanted - subscriber.topics:
            self.listen(subscriber, topic)

    def audience(self, of: str) -> dict[int, Sequence[Subscriber]]:
        """Who hears the topics of one kind (`user`, `author`, `article`) at this moment, by id."""
        prefix = f"{of}:"
        return {
            int(topic.removeprefix(prefix)): tuple(heard_by)
            for topic, heard_by in self._topics.items()
            if topic.startswith(prefix)
        }

    def announce(self, event: Event) -> None:
        """Tell all who hear the event's topic."""
        self._announced(1)
        encoded = orjson.dumps({"type": event.type, "data": event.data}).decode()
        self._deliver(event.topic, encoded)
        self._relay.send({"topic": event.topic, "message": encoded})

    def change(self, change: Change) -> None:
        """Change who hears what."""
        self._apply(change)
        self._relay.send({"change": [change.kind, change.subject, change.author]})

    def disconnect(self, user_id: int) -> None:
        """End every connection of a user, on every worker."""
        self.change(Change("disconnect", user_id))

    def heard(self, notice: dict[str, Any]) -> None:
        """Another worker's notice."""
        if "change" in notice:
            self._apply(Change(*notice["change"]))
        else:
            self._deliver(notice["topic"], notice["message"])

    def delivered(self) -> None:
        """A message was handed to a connection."""
        self._delivered(1)

    def _deliver(self, topic: str, encoded: str) -> None:
        heard_by = self._topics.get(topic)
        if not heard_by:
            return
        message = Message.of(encoded)
        for subscriber in heard_by:
            lost = subscriber.offer(message)
            if lost:
                self._dropped(lost)

    def _apply(self, change: Change) -> None:
        self.changes += 1
        self._changers[change.kind](self, change)

    def _follow(self, change: Change) -> None:
        for subscriber in tuple(self._topics.get(f"user:{change.subject}", ())):
            self.listen(subscriber, f"author:{change.author}")

    def _unfollow(self, change: Change) -> None:
        for subscriber in tuple(self._topics.get(f"user:{change.subject}", ())):
            self.ignore(subscriber, f"author:{change.author}")

    def _hide(self, change: Change) -> None:
        topic = f"article:{change.subject}"
        for subscriber in tuple(self._topics.get(topic, ())):
            self.ignore(subscriber, topic)

    def _disconnect(self, change: Change) -> None:
        for subscriber in tuple(self._topics.get(f"user:{change.subject}", ())):
            subscriber.end(Ending.SIGNED_OUT)

    _changers: dict[str, Callable[["Hub", Change], None]] = {  # noqa: RUF012  # a table of methods
        "follow": _follow,
        "unfollow": _unfollow,
        "hide": _hide,
        "disconnect": _disconnect,
    }
