from pathlib import Path

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse

router = APIRouter()
FILES = Path("/srv/files")


@router.get("/files/{name:path}")
def download(name: str):
    path = (FILES / name).resolve()
    if not path.is_relative_to(FILES) or not path.exists():
        raise HTTPException(404)
    return FileResponse(path)
