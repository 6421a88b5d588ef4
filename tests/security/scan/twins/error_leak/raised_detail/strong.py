import logging

from fastapi import APIRouter, HTTPException

from app.imports import run

router = APIRouter()


@router.post("/imports")
def load():
    try:
        return run()
    except Exception as exc:
        logging.getLogger("imports").exception("import failed")
        raise HTTPException(status_code=500, detail="import failed") from exc
