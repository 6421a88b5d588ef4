from fastapi import APIRouter, Depends
from sqlalchemy import text
from sqlalchemy.orm import Session

from inventory.db import session_of_request

router = APIRouter(prefix="/parts")


def conditions(colour, maker):
    parts, values = [], {}
    if colour:
        parts.append("colour = :colour")
        values["colour"] = colour
    if maker:
        parts.append("maker = :maker")
        values["maker"] = maker
    return " AND ".join(parts) or "1 = 1", values


@router.get("")
def parts(colour: str | None = None, maker: str | None = None, session: Session = Depends(session_of_request)):
    where, values = conditions(colour, maker)
    found = session.execute(text(f"SELECT id, colour, maker FROM parts WHERE {where}"), values)
    return [dict(id=row.id, colour=row.colour) for row in found]
