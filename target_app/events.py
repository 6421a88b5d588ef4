"""What happened, told to those who must remember it with the transaction and to those who may hear of it afterwards."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, Protocol

from target_app.unit_of_work import UnitOfWork

EventType = Literal["comment.created", "comment.deleted", "article.published", "order.updated"]


@dataclass(frozen=True)
class Event:
    """One change that others may want to know of."""

    type: EventType
    #: Who may hear of it: `article:ID` (readers of the article), `author:ID` (followers), `user:ID` (that user alone).
    topic: str
    #: The user whose webhooks are told.
    owner_id: int
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A change of who may hear what, from the next event on; nobody is told of it."""

    #: `follow` and `unfollow`: user `subject` and author `author`; `hide`: nobody may read article `subject` any more;
    #: `disconnect`: user `subject` may hear nothing at all.
    kind: Literal["follow", "unfollow", "hide", "disconnect"]
    subject: int
    author: int = 0


class Recorder(Protocol):
    """Writes something down in the transaction in which the event happened."""

    async def record(self, work: UnitOfWork, events: Sequence[Event]) -> None:
        """Keep what must not be lost when the process ends after the commit; never many statements for many events."""


Announcer = Callable[[Event], None]
Listener = Callable[[Change], None]


class Events:
    """Passes each event on, in the order in which the assembly names the listeners."""

    def __init__(
        self,
        recorders: Sequence[Recorder] = (),
        announcers: Sequence[Announcer] = (),
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._recorders = tuple(recorders)
        self._announcers = tuple(announcers)
        self._listeners = tuple(listeners)

    async def happened(self, work: UnitOfWork, *events: Event) -> None:
        """Record them now; announce each once the transaction is on disk."""
        for recorder in self._recorders:
            await recorder.record(work, events)
        for event in events:
            for announcer in self._announcers:
                work.after_commit(partial(announcer, event))

    def changed(self, work: UnitOfWork, change: Change) -> None:
        """Tell the listeners once the transaction is on disk."""
        for listener in self._listeners:
            work.after_commit(partial(listener, change))
