import os
import re

from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.post("/convert")
def convert(name: str):
    if not re.fullmatch(r"[a-z0-9_-]{1,40}", name):
        raise HTTPException(422)
    os.spawnlp(os.P_WAIT, "convert", "convert", "/srv/in/" + name, "/srv/out/" + name + ".png")
    return {"done": True}
