"""A request is a unit of work: what it writes is committed once, before its answer is sent, or not at all."""

from collections.abc import Callable

from target_app.database import Connection, Database, OpenConnection


class UnitOfWork:
    """The database as one request sees it: a reader until the first write, then one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._reader: OpenConnection | None = None
        self._writer: OpenConnection | None = None
        self._afterwards: list[Callable[[], None]] = []

    async def reading(self) -> Connection:
        """A connection to read with: the transaction, if one is open, so that a request sees its own writes."""
        if self._writer is not None:
            return self._writer
        if self._reader is None:
            self._reader = await self._database.open_reading()
        return self._reader

    async def writing(self) -> Connection:
        """The request's transaction, begun by the first call."""
        if self._writer is None:
            await self.release()
            self._writer = await self._database.open_writing()
        return self._writer

    async def release(self) -> None:
        """Give the reader back before slow work that needs no database, such as a password hash."""
        if self._reader is not None:
            reader, self._reader = self._reader, None
            await reader.rollback()

    def after_commit(self, call: Callable[[], None]) -> None:
        """Call this once what was written is on disk; never, if it is undone. It must not fail or take long."""
        self._afterwards.append(call)

    async def commit(self) -> None:
        """Keep what was written."""
        await self.release()
        if self._writer is not None:
            writer, self._writer = self._writer, None
            await writer.commit()
        if self._afterwards:
            calls, self._afterwards = self._afterwards, []
            for call in calls:
                call()

    async def rollback(self) -> None:
        """Undo what was written."""
        self._afterwards.clear()
        await self.release()
        if self._writer is not None:
            writer, self._writer = self._writer, None
            await writer.rollback()
