from enum import StrEnum

from fastapi import APIRouter, Depends

from app.database import cursor

router = APIRouter()


class Sort(StrEnum):
    NAME = "name"
    AGE = "age"


@router.get("/people")
def people(sort: Sort, db=Depends(cursor)):
    db.execute("SELECT name FROM people ORDER BY {}".format(sort))
    return db.fetchall()
