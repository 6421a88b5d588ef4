from target_app.database import Database
from target_app.ledger.repository import Place
from target_app.ledger.service import LedgerService
from target_app.metrics import Metrics
from target_app.unit_of_work import UnitOfWork


class LedgerCheck:
    """Looks again and again at what is new in the ledger; the metric `target_ledger_invariant_ok` tells.

    It goes on from a place only while everything up to there holds: what is broken is seen again until it is mended.
    """

    def __init__(self, database: Database, ledger: LedgerService, metrics: Metrics) -> None:
        self._database = database
        self._ledger = ledger
        self._ok = metrics.ledger_invariant_ok
        self._ok.set(1)
        self._checked: Place | None = None

    async def run(self) -> None:
        """Look once."""
        work = UnitOfWork(self._database)
        try:
            self._checked = self._checked or await self._ledger.near_its_end(work)
            reached = await self._ledger.check_newest(work, self._checked)
        finally:
            await work.rollback()
        self._ok.set(reached is not None)
        self._checked = reached or self._checked
