import os

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

router = APIRouter()
UPLOADS = "/srv/uploads"


class Removal(BaseModel):
    filename: str


@router.post("/attachments/remove")
def remove(body: Removal):
    name = os.path.basename(body.filename)
    if name != body.filename or name.startswith("."):
        raise HTTPException(400)
    os.unlink(f"{UPLOADS}/{name}")
    return {"removed": name}
