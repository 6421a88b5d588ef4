"""Templates: a migrated and seeded database made once, then copied for every start of an arm."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import tempfile
import threading
from collections import defaultdict
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tradeoff.target.commands import Run, fill, run_command, run_started
from tradeoff.target.description import Target
from tradeoff.target.errors import TradeoffError

CACHE = ".tradeoff"
SQLITE_MAGIC = b"SQLite format 3\x00"


def certificate_of(work: Path) -> Path:
    """Where an arm's certificate stands: beside its folder, which every epoch lays anew."""
    return work.with_suffix(".crt")


def values_of(
    target: Target, *, work: Path, setting: str, articles: int, database_url: str | None = None, redis_url: str = ""
) -> dict[str, object]:
    """What the places of the target's commands and environment stand for in one arm."""
    return {
        "work": work,
        "treatment": setting,
        "articles": articles,
        "database_url": database_url or target.database.url.format(work=work),
        "redis_url": redis_url,
        "authority": "",
        "source": "",
        "certificate": certificate_of(work),
        **{f"{name}_url": "" for name in target.services},
    }


def arm_environment(target: Target, values: Mapping[str, object]) -> dict[str, str]:
    """The arm's environment variables, filled in."""
    return {name: fill([text], values)[0] for name, text in target.environment.items()}


def prepare(
    target: Target,
    *,
    work: Path,
    setting: str,
    articles: int,
    tree: Path | None = None,
    database_url: str | None = None,
    run: Run = run_started,
) -> None:
    """Migrate and seed a database in place.

    Raises:
        TradeoffError: one of the two commands failed.
    """
    values = values_of(target, work=work, setting=setting, articles=articles, database_url=database_url)
    extra = arm_environment(target, values)
    for doing, words in (("migrating", target.database.migrate), ("seeding", target.database.seed)):
        what = f"{doing} the database of {setting}"
        run_command(fill(words, values), cwd=tree or target.root, extra=extra, what=what, run=run)


class Templates:
    """Makes templates on first use and keeps them in `.tradeoff/` beside target.toml."""

    def __init__(self, target: Target, *, articles: int) -> None:
        self._target = target
        self._articles = articles
        self._made: dict[str, Path] = {}
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._inputs: dict[Path, str] = {}

    def folder(self, *, setting: str, treatment: Mapping[str, str], tree: Path, run: Run = run_started) -> Path:
        """The template for a treatment, from the code in `tree`; made now where there is none.

        Raises:
            TradeoffError: migrating or seeding failed, or the disk refuses.
        """
        key = self._key(treatment, tree)
        with self._locks[key]:  # arms that start side by side wait for the one that makes their template
            if key not in self._made:
                place = self._target.root / CACHE / "templates" / key
                if not place.is_dir():
                    self._make(place, setting, tree, run)
                self._made[key] = place
            return self._made[key]

    def _key(self, treatment: Mapping[str, str], tree: Path) -> str:
        database = self._target.database
        parts = {
            "articles": self._articles,
            "migrate": database.migrate,
            "seed": database.seed,
            "factors": {name: treatment.get(name) for name in database.template_factors},
            "inputs": self._hash_of_inputs(tree),
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]

    def _hash_of_inputs(self, tree: Path) -> str:
        if tree not in self._inputs:
            digest = hashlib.sha256()
            paths = {path for pattern in self._target.database.template_inputs for path in tree.glob(pattern)}
            for path in sorted(paths):
                digest.update(str(path.relative_to(tree)).encode() + b"\0" + path.read_bytes())
            self._inputs[tree] = digest.hexdigest()
        return self._inputs[tree]

    def _make(self, place: Path, setting: str, tree: Path, run: Run) -> None:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            work = Path(tempfile.mkdtemp(prefix="making-", dir=place.parent))
        except OSError as error:
            raise TradeoffError(f"no template can be made in {place.parent}: {error.strerror}") from None
        try:
            prepare(self._target, work=work, setting=setting, articles=self._articles, tree=tree, run=run)
            _checkpoint(work / self._target.database.file)
            work.rename(place)
        except OSError as error:
            if not place.is_dir():  # another process may have made the same template meanwhile
                raise TradeoffError(f"no template can be made in {place}: {error.strerror}") from None
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _checkpoint(file: Path) -> None:
    """Fold a SQLite write-ahead log into its file, so that a copy of the file is whole."""
    if not file.is_file():
        return
    with file.open("rb") as opened:
        if opened.read(len(SQLITE_MAGIC)) != SQLITE_MAGIC:
            return
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def restore(template: Path, work: Path) -> None:
    """Lay a template's files into an arm's private folder, replacing what is there."""
    try:
        shutil.rmtree(work, ignore_errors=True)
        shutil.copytree(template, work)
    except (OSError, shutil.Error) as error:
        raise TradeoffError(f"the database template can't be copied to {work}: {error}") from None
