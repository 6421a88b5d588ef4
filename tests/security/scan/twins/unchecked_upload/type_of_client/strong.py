from io import BytesIO

from fastapi import APIRouter, HTTPException, UploadFile
from PIL import Image

from app.storage import bucket

router = APIRouter()


@router.post("/avatar")
async def avatar(file: UploadFile):
    image = Image.open(BytesIO(await file.read(500_000)))
    if image.format not in {"PNG", "JPEG"}:
        raise HTTPException(415)
    output = BytesIO()
    image.save(output, "PNG")
    await bucket.put("avatar", output.getvalue())
    return {}
