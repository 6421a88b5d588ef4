from fastapi import APIRouter, HTTPException, UploadFile

from app.imports import run

router = APIRouter()


@router.post("/import")
async def load(file: UploadFile):
    return run(await file.read())
