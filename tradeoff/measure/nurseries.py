"""Nurseries of a run's epochs: each has its own hash seed; the next one imports while the present one warms up."""

from __future__ import annotations

import random
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, Self

from tradeoff.target.description import Target
from tradeoff.target.forking import Nursery


class EpochKey(NamedTuple):
    """Which epoch of a run."""

    block: str
    epoch: int


class Nurseries:
    """One nursery an epoch; that of the epoch before ends when the next is taken."""

    def __init__(self, target: Target, *, trees: Collection[Path], seed: int) -> None:
        self._target, self._trees, self._seed = target, trees, seed
        self._open: dict[EpochKey, Nursery] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop(set())

    def take(self, key: EpochKey) -> Nursery:
        """The epoch's nursery, begun or not; all others end."""
        self._stop({key})
        return self._of(key)

    def import_ahead(self, key: EpochKey) -> None:
        """Begin with the import for an epoch."""
        self._of(key).import_ahead(self._target.root)

    def wait_imported(self) -> None:
        """Wait until nothing is being imported. Raises TradeoffError where something cannot be."""
        for nursery in self._open.values():
            nursery.wait_imported()

    def _of(self, key: EpochKey) -> Nursery:
        if key not in self._open:
            hash_seed = random.Random(f"{self._seed}/{key.block}/{key.epoch}/hash seed").randrange(1, 2**32 - 1)
            self._open[key] = Nursery(self._target, hash_seed=hash_seed, trees=self._trees)
        return self._open[key]

    def _stop(self, kept: set[EpochKey]) -> None:
        for key in self._open.keys() - kept:
            self._open.pop(key).stop()
