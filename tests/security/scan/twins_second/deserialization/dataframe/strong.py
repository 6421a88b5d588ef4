import io

import pandas as pd
from fastapi import APIRouter, UploadFile

router = APIRouter()


@router.post("/frames")
async def frames(upload: UploadFile):
    content = io.BytesIO(await upload.read(5_000_000))
    frame = pd.read_csv(content)
    return {"rows": len(frame)}
