from fastapi import APIRouter, HTTPException
from passlib.context import CryptContext
from starlette.concurrency import run_in_threadpool

from club.members import find

router = APIRouter()
passwords = CryptContext(schemes=["argon2"])


@router.post("/sessions")
async def sign_in(email: str, password: str):
    member = await find(email)
    if not passwords.verify(password, member.password_hash):
        raise HTTPException(401)
    return {"member": member.id}
