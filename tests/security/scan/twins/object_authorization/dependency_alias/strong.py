from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException

from app.auth import Viewer, signed_in
from app.store import Documents

router = APIRouter()
SignedIn = Annotated[Viewer, Depends(signed_in)]


@router.put("/documents/{document_id}")
async def rename(document_id: str, title: str, viewer: SignedIn, documents: Documents = Depends()):
    document = await documents.find_by_id(document_id)
    if document.owner != viewer.id:
        raise HTTPException(404)
    document.title = title
    await documents.save(document)
    return {"title": title}
