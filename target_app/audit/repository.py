from sqlalchemy import BigInteger, bindparam, func, insert, select, text, update

from target_app.audit.models import audit_head, audit_log
from target_app.audit.rows import AuditRow, Head
from target_app.database import Connection
from target_app.prepared import Prepared

ROW = tuple(audit_log.c[name] for name in AuditRow._fields)
HEAD = select(audit_head.c.number, audit_head.c.hash, audit_head.c.mac)
READ_HEAD = Prepared(HEAD)
LOCK_HEAD = HEAD.with_for_update()
BEGIN = text("INSERT INTO audit_head (id, number, hash, mac) VALUES (1, :number, :hash, :mac) ON CONFLICT DO NOTHING")
LAST = Prepared(select(func.max(audit_log.c.number)))
MOVE = update(audit_head).values(number=bindparam("to_number"), hash=bindparam("to_hash"), mac=bindparam("to_mac"))
AFTER = Prepared(
    select(*ROW)
    .where(audit_log.c.number > bindparam("after"))
    .order_by(audit_log.c.number)
    .limit(bindparam("limit", type_=BigInteger))
)
BEFORE = Prepared(
    select(*ROW)
    .where(audit_log.c.number < bindparam("before"))
    .order_by(audit_log.c.number.desc())
    .limit(bindparam("limit", type_=BigInteger))
)


class AuditRepository:
    """Statements about the audit log. Nothing here changes or deletes a row."""

    async def head(self, connection: Connection) -> Head | None:
        """Where the chain ends."""
        row = await connection.fetch_one(READ_HEAD)
        return None if row is None else Head(*row)

    async def lock(self, connection: Connection, beginning: Head) -> Head:
        """The head, locked until the transaction ends: one writer at a time continues the chain."""
        row = await connection.row(LOCK_HEAD)
        if row is None:
            await connection.run(BEGIN, beginning._asdict())
            row = await connection.row(LOCK_HEAD)
        if row is None:
            raise LookupError("the head of the audit log is missing")
        return Head(*row)

    async def last(self, connection: Connection) -> int:
        """The highest number that a row has; 0 where there is none."""
        row = await connection.fetch_one(LAST)
        return int(row[0] or 0) if row else 0

    async def add(self, connection: Connection, row: AuditRow, head: Head) -> None:
        """One more row, and the head behind it."""
        await connection.run(insert(audit_log).values(**row._asdict()))
        await connection.run(MOVE, {"to_number": head.number, "to_hash": head.hash, "to_mac": head.mac})

    async def after(self, connection: Connection, number: int, limit: int) -> list[AuditRow]:
        """Rows in the order in which they were written."""
        return [AuditRow(*row) for row in await connection.fetch_all(AFTER, {"after": number, "limit": limit})]

    async def before(self, connection: Connection, number: int, limit: int) -> list[AuditRow]:
        """Rows, the newest first."""
        return [AuditRow(*row) for row in await connection.fetch_all(BEFORE, {"before": number, "limit": limit})]
