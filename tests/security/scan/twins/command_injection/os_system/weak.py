import os
import re

from fastapi import APIRouter, HTTPException

router = APIRouter()


@router.post("/convert")
def convert(name: str):
    os.system("convert /srv/in/" + name + " /srv/out/" + name + ".png")
    return {"done": True}
