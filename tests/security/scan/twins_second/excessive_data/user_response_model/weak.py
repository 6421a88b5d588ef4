from fastapi import APIRouter, Depends
from pydantic import BaseModel

from club.auth import current_member

router = APIRouter()


class MemberResponse(BaseModel):
    id: int
    nickname: str
    password_hash: str
    totp_secret: str | None = None


@router.get("/me", response_model=MemberResponse)
def me(member=Depends(current_member)):
    return member
