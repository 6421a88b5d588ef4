"""Objects that were made or seen, and how a path or a body names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from security.regression.exchange import Exchange, TakenText, take
from security.stranger.leaves import objects
from security.stranger.operation import PLACE, Operation, singular, words_of

IDS = (
    "id",
    "_id",
    "uuid",
    "guid",
    "slug",
    "key",
    "number",
    "no",
    "code",
    "ref",
    "reference",
    "name",
    "username",
    "sku",
    "isbn",
)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
REFERENCE = re.compile(r"^(?:(.+) )?(id|ids|uuid|guid|slug|ref|reference|key|number|no|code|sku|isbn)$")


@dataclass(frozen=True, eq=False)
class Thing:
    """An object of a collection (a path template): `params` name its parents, `mark` stands in its free texts."""

    collection: str
    owner: str
    exchange: Exchange
    pointer: str
    data: Mapping[str, Any]
    mark: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def key(self, place: str) -> Any:
        """The value that a path parameter of this name has for it, or None."""
        noun = singular(noun_of(self.collection))
        wanted = words_of(place)
        tail = wanted.split(" ")[-1] if wanted else ""
        by_words = {words_of(name): name for name, value in self.data.items() if _is_key(value)}
        for words in (wanted, tail, *IDS, *(f"{noun} {one}" for one in IDS)):
            if words in by_words:
                name = by_words[words]
                if isinstance(self.data[name], TakenText):
                    return self.data[name]
                return take(self.data[name], self.exchange, f"{self.pointer}/{name}")
        return None

    @property
    def noun(self) -> str:
        """What it is, in the singular."""
        return singular(noun_of(self.collection))


class Things:
    """All objects of a run, newest last."""

    def __init__(self) -> None:
        self.all: list[Thing] = []

    def add(self, thing: Thing) -> None:
        """Remember an object."""
        self.all.append(thing)

    def owned(self, owner: str) -> list[Thing]:
        """The objects that this actor made."""
        return [thing for thing in self.all if thing.owner == owner]

    def seen(self, collection: str) -> list[Thing]:
        """The objects that were seen in a collection and nobody of ours made."""
        return [thing for thing in self.all if thing.collection == collection and not thing.owner]

    def has(self, collection: str, owner: str) -> bool:
        """Whether this actor made an object in a collection."""
        return any(one.collection == collection and one.owner == owner for one in self.all)

    def keyed(self, collection: str, owner: str, place: str, key: object) -> Thing | None:
        """The object that this actor made in a collection and that has this key."""
        own = [one for one in self.all if (one.collection, one.owner) == (collection, owner)]
        return next((one for one in own if str(one.key(place)) == str(key)), None)

    def of(self, collection: str, owner: str) -> Thing | None:
        """The newest object that this actor made in a collection, or else one that was seen there."""
        own = [one for one in self.all if one.collection == collection and one.owner == owner]
        seen = [one for one in self.all if one.collection == collection and not one.owner]
        return own[-1] if own else seen[0] if seen else None

    def named(self, noun: str, owner: str) -> Thing | None:
        """The same by what it is called."""
        own = [one for one in self.all if one.noun == noun and one.owner == owner]
        seen = [one for one in self.all if one.noun == noun and not one.owner]
        return own[-1] if own else seen[0] if seen else None

    def referred(self, words: str, owner: str) -> Any:
        """What a property such as `note id` refers to, or None."""
        found = REFERENCE.match(words)
        if not found:
            return self._meant(words, owner)
        noun = singular(found[1].split(" ")[-1]) if found[1] else ""
        thing = self.named(noun, owner) if noun else None
        if thing:
            return thing.key(found[2].removesuffix("s")) if found[2] != "code" else _code(thing)
        if found[2] == "code" or noun in ("coupon", "voucher", "promo"):
            return next((code for one in reversed(self.all) if (code := _code(one)) is not None), None)
        return None

    def _meant(self, words: str, owner: str) -> Any:
        """What a property that is called like a thing refers to (`from account`), where that can be no text."""
        thing = self.named(singular(words.rsplit(" ", maxsplit=1)[-1]), owner)
        key = thing.key("id") if thing else None
        return key if isinstance(key, int) or (isinstance(key, str) and UUID.fullmatch(key)) else None


def _code(thing: Thing) -> Any:
    return take(thing.data["code"], thing.exchange, f"{thing.pointer}/code") if "code" in thing.data else None


def _is_key(value: object) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def noun_of(collection: str) -> str:
    """The last literal word of a path."""
    words = words_of(PLACE.sub("", collection)).split(" ")
    return words[-1] if words else ""


def object_in(answer: Any, mark: str = "") -> tuple[str, Mapping[str, Any]] | None:
    """The object that an answer is about, with its pointer: the one with the mark, else the outermost with a key."""
    found = [(pointer, one) for pointer, one in objects(answer) if any(_is_key(value) for value in one.values())]
    with_ids = [(pointer, one) for pointer, one in found if any(words_of(name).split(" ")[-1] in IDS for name in one)]
    marked = [(pointer, one) for pointer, one in with_ids if mark and any(mark in str(value) for value in one.values())]
    return next(iter((*marked, *with_ids)), None)


def items_in(answer: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of the first list in an answer, with their pointers."""
    body = {"": answer} if isinstance(answer, list) else answer if isinstance(answer, dict) else {}
    lists = ((key, value) for key, value in body.items() if isinstance(value, list))
    key, listed = next(lists, ("", []))
    for at, one in enumerate(listed):
        if isinstance(one, dict):
            yield (f"/{key}/{at}" if key else f"/{at}"), one


def prefix_of(operation: Operation, place: str) -> str:
    """The collection that a path parameter picks from."""
    return operation.path.split(f"/{{{place}}}")[0]
