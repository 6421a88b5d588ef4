from pathlib import Path
from uuid import uuid4

from fastapi import APIRouter, UploadFile
from PIL import Image

router = APIRouter()
AVATARS = Path("/srv/avatars")


@router.post("/avatar")
async def avatar(file: UploadFile):
    data = await file.read(1_000_000)
    Image.open(file.file).verify()
    (AVATARS / file.filename).write_bytes(data)
    return {"saved": True}
