from fastapi import APIRouter, Depends, Request

from app.auth import current_user

router = APIRouter()
EDITABLE = {"bio", "image"}


@router.put("/user")
async def update(request: Request, user=Depends(current_user)):
    for name, value in (await request.json()).items():
        if name in EDITABLE:
            setattr(user, name, value)
    return {"bio": user.bio}
