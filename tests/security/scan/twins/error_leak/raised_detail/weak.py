import logging

from fastapi import APIRouter, HTTPException

from app.imports import run

router = APIRouter()


@router.post("/imports")
def load():
    try:
        return run()
    except Exception as exc:
        raise HTTPException(status_code=500, detail=f"import failed: {exc}") from exc
