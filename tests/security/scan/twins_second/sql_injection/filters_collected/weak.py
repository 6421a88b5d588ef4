from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.orm import Session

from inventory.db import session_of_request

router = APIRouter(prefix="/parts")


def conditions(colour, maker):
    parts = []
    if colour:
        parts.append(f"colour = '{colour}'")
    if maker:
        parts.append(f"maker = '{maker}'")
    return " AND ".join(parts) or "1 = 1", {}


@router.get("")
def parts(colour: str | None = None, maker: str | None = None, session: Session = Depends(session_of_request)):
    where, values = conditions(colour, maker)
    found = session.execute(text(f"SELECT id, colour, maker FROM parts WHERE {where}"), values)
    return [dict(id=row.id, colour=row.colour) for row in found]
