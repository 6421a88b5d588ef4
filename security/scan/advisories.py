"""Published flaws of packages in OSV's format: from a file or a folder, or asked of an OSV server on this machine.

https://ossf.github.io/osv-schema/. A source says whether it is complete. Where it is not, that it knows
nothing of a package means nothing.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol

import httpx
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from security.guard import Refused, allow
from security.scan.findings import ScannerError

ECOSYSTEM = "PyPI"
STALE_DAYS = 30
TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Advisory:
    """One published flaw of one package."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    #: The version that mends it, as far as the source says.
    fixed: str | None


class NotLookedUpError(Exception):
    """A package could not be looked up; the message says why."""


class Source(Protocol):
    """Where advisories come from."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences on the source: its name, its date, and what it does not hold."""

    def look_up(self, package: str, version: str) -> list[Advisory]:
        """Flaws of this version. Raises NotLookedUpError where the source cannot say."""


class AdvisoryFile:
    """Advisories from a JSON file, a folder of such files, or a zip of them (as OSV publishes `PyPI/all.zip`).

    A JSON file is an object `{"modified", "complete", "vulns": […]}`, or a list of advisories, or one. Only what says
    of itself `"complete": true`, or a folder or zip, is taken for all advisories there are.
    """

    def __init__(self, path: Path, today: date | None = None) -> None:
        self._by_name: dict[str, list[dict[str, Any]]] = {}
        self.complete = path.is_dir() or path.suffix == ".zip"
        modified = ""
        try:
            for document in _documents(path):
                entries = document if isinstance(document, list) else document.get("vulns", [document])
                if isinstance(document, dict) and "vulns" in document:
                    self.complete = document.get("complete") is True
                    modified = max(modified, str(document.get("modified", "")))
                else:
                    modified = max([modified, *(str(one.get("modified", "")) for one in entries)])
                self._add(entries)
        except (OSError, ValueError, AttributeError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise ScannerError(f"the advisories at {path} cannot be read: {error}") from error
        if not self._by_name:
            raise ScannerError(f"the advisories at {path} name no package of {ECOSYSTEM}")
        self.notes = tuple(_notes(path.name, modified, self.complete, today or datetime.now(UTC).date()))

    def _add(self, entries: Iterable[dict[str, Any]]) -> None:
        for entry in entries:
            for affected in entry.get("affected", ()):
                if affected["package"]["ecosystem"] == ECOSYSTEM and "withdrawn" not in entry:
                    name = canonicalize_name(affected["package"]["name"])
                    self._by_name.setdefault(name, []).append({**entry, "affected": [affected]})

    def look_up(self, package: str, version: str) -> list[Advisory]:
        """Flaws of this version; where the file is not complete, a package without any is not looked up."""
        found = [advisory(one) for one in self._by_name.get(canonicalize_name(package), ()) if affects(one, version)]
        if not found and not self.complete:
            raise NotLookedUpError("the advisory file does not claim to hold all advisories")
        return found


class OsvServer:
    """An OSV server on loopback (`POST /v1/query`)."""

    def __init__(self, url: str) -> None:
        try:
            self._url = f"{allow(url).base_url}/v1/query"
        except Refused as error:
            raise ScannerError(f"the OSV server {url} is not asked: {error}") from error
        self.notes = (f"Advisories of the OSV server at {url}.",)

    def look_up(self, package: str, version: str) -> list[Advisory]:
        """Ask for one package."""
        query = {"version": version, "package": {"name": package, "ecosystem": ECOSYSTEM}}
        try:
            answer = httpx.post(self._url, json=query, timeout=TIMEOUT_S, trust_env=False)
            answer.raise_for_status()
            return [advisory(one) for one in answer.json().get("vulns", [])]
        except (httpx.HTTPError, ValueError, AttributeError, KeyError) as error:
            raise NotLookedUpError(f"the OSV server did not answer: {type(error).__name__}") from error


def _documents(path: Path) -> Iterator[Any]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            yield from (json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json"))
    else:
        for file in sorted(path.rglob("*.json")) if path.is_dir() else [path]:
            yield json.loads(file.read_text(encoding="utf-8"))


def _notes(name: str, modified: str, complete: bool, today: date) -> Iterator[str]:
    if not modified:
        yield f"Advisories of {name}, which says nothing of its date."
        return
    day = date.fromisoformat(modified[:10])
    age = (today - day).days
    stale = f", {age} days old: stale, later flaws are not in it" if age > STALE_DAYS else ""
    yield f"Advisories of {name} of {day}{stale}."
    if not complete:
        yield f"{name} holds some advisories, not all: a package that it finds nothing for is not looked up."


def affects(entry: dict[str, Any], version: str) -> bool:
    """Whether an advisory (of one package) holds for a version, by its list of versions or its ranges."""
    affected = entry["affected"][0]
    if version in affected.get("versions", ()):
        return True
    try:
        wanted = Version(version)
        ranges = [one["events"] for one in affected.get("ranges", ()) if one["type"] == "ECOSYSTEM"]
        return any(_in_range(events, wanted) for events in ranges)
    except InvalidVersion:
        return False


def _in_range(events: list[dict[str, str]], version: Version) -> bool:
    """OSV's rule: the last event at or before the version decides."""
    inside = False
    for event in sorted(events, key=lambda one: _event_version(next(iter(one.values())))):
        kind, text = next(iter(event.items()))
        at = _event_version(text)
        if kind == "introduced" and version >= at:
            inside = True
        elif (kind == "fixed" and version >= at) or (kind == "last_affected" and version > at):
            inside = False
    return inside


def _event_version(text: str) -> Version:
    return Version("0.dev0" if text == "0" else text)


def advisory(entry: dict[str, Any]) -> Advisory:
    """The parts of an OSV entry that a report shows."""
    events = [event for one in entry.get("affected", ()) for part in one.get("ranges", ()) for event in part["events"]]
    fixed = [event["fixed"] for event in events if "fixed" in event]
    return Advisory(
        str(entry["id"]), tuple(entry.get("aliases", ())), str(entry.get("summary", "")), fixed[-1] if fixed else None
    )
