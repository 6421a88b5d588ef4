from fastapi import APIRouter, HTTPException
from pydantic import BaseModel

from app.users import DUMMY, find, verify

router = APIRouter()


class Credentials(BaseModel):
    email: str
    password: str


@router.post("/login")
async def log_in(body: Credentials):
    user = await find(body.email)
    if user is None:
        raise HTTPException(401, "unknown e-mail")
    if not await verify(body.password, user.password_hash):
        raise HTTPException(401, "wrong password")
    return {"id": user.id}
