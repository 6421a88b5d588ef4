import os

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

router = APIRouter()
UPLOADS = "/srv/uploads"


class Removal(BaseModel):
    filename: str


@router.post("/attachments/remove")
def remove(body: Removal):
    os.unlink(f"{UPLOADS}/{body.filename}")
    return {"removed": body.filename}
