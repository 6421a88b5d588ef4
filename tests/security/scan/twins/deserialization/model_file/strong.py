import torch
from fastapi import APIRouter, UploadFile

router = APIRouter()


@router.post("/models")
def upload(file: UploadFile):
    return {"layers": len(torch.load(file.file, weights_only=True))}
