from io import BytesIO

from fastapi import APIRouter, HTTPException, UploadFile
from PIL import Image

from app.storage import bucket

router = APIRouter()


@router.post("/avatar")
async def avatar(file: UploadFile):
    if file.content_type not in {"image/png", "image/jpeg"}:
        raise HTTPException(415)
    await bucket.put("avatar", await file.read(500_000))
    return {}
