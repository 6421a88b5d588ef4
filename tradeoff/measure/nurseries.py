"""Nurseries of a block's epochs: each has its own hash seed; the next one imports while the present one warms up."""

from __future__ import annotations

import random
from collections.abc import Collection
from pathlib import Path

from tradeoff.target.description import Target
from tradeoff.target.forking import Nursery


class Nurseries:
    """One nursery an epoch; that of the epoch before ends when the next is taken."""

    def __init__(self, target: Target, *, trees: Collection[Path], seed: str) -> None:
        self._target, self._trees, self._seed = target, trees, seed
        self._open: dict[int, Nursery] = {}

    def stop(self) -> None:
        """End all of them."""
        self._stop(set())

    def take(self, epoch: int) -> Nursery:
        """The epoch's nursery, begun or not."""
        self._stop({epoch})
        return self._of(epoch)

    def import_ahead(self, epoch: int) -> None:
        """Begin with the import for an epoch."""
        self._of(epoch).import_ahead(self._target.root)

    def wait_imported(self) -> None:
        """Wait until nothing is being imported. Raises TradeoffError where something cannot be."""
        for nursery in self._open.values():
            nursery.wait_imported()

    def _of(self, epoch: int) -> Nursery:
        if epoch not in self._open:
            hash_seed = random.Random(f"{self._seed}/{epoch}/hash seed").randrange(1, 2**32 - 1)
            self._open[epoch] = Nursery(self._target, hash_seed=hash_seed, trees=self._trees)
        return self._open[epoch]

    def _stop(self, kept: set[int]) -> None:
        for epoch in self._open.keys() - kept:
            self._open.pop(epoch).stop()
