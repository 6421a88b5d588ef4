from fastapi import APIRouter, HTTPException, UploadFile

from app.imports import run

router = APIRouter()


@router.post("/import")
async def load(file: UploadFile):
    data = await file.read(1_000_001)
    if len(data) > 1_000_000:
        raise HTTPException(413)
    return run(data)
