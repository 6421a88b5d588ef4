"""Deletes the files of pictures that are nobody's any more.

The file of a picture is written, and deleted, only in a transaction that holds the picture's row: so that a user who
uploads a picture while the last other user of the same picture drops it has the file in the end, in either order.
"""

import asyncio
from collections.abc import Callable
from itertools import islice

from target_app.avatars.files import PictureFiles
from target_app.avatars.repository import AvatarRepository
from target_app.database import Database, transaction

#: How often files are compared with the database, and how old those are by then that no request can still be about.
SWEEP_S = 3600.0
GRACE_S = 3600.0
#: Names in one statement.
AT_ONCE = 500


class Cleaner:
    """One worker's part in it."""

    def __init__(self, database: Database, repository: AvatarRepository, files: PictureFiles) -> None:
        self._database = database
        self._repository = repository
        self._files = files
        self._released: set[str] = set()
        #: Set by the assembly: `run` is a task that does not know itself.
        self.wake: Callable[[], None] = lambda: None

    def released(self, name: str) -> None:
        """A user has dropped this picture, and nobody else may have it."""
        self._released.add(name)
        self.wake()

    async def run(self) -> None:
        """Remove what was released."""
        while self._released:
            await self._remove(self._released.pop())

    async def sweep(self) -> None:
        """Remove what was left behind by a process that ended, or a transaction that was undone."""
        names = iter(await asyncio.to_thread(self._files.left_behind, GRACE_S))
        while some := list(islice(names, AT_ONCE)):
            for name in sorted(set(some) - await self._used(some)):
                await self._remove(name)

    async def _used(self, names: list[str]) -> set[str]:
        reader = await self._database.open_reading()
        try:
            return await self._repository.used(reader, names)
        finally:
            await reader.rollback()

    async def _remove(self, name: str) -> None:
        async with transaction(self._database) as connection:
            await self._repository.hold(connection, name)
            if await self._repository.forget(connection, name):
                await asyncio.to_thread(self._files.remove, name)
