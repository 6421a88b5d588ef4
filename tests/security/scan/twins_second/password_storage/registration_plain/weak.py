from fastapi import APIRouter, Depends
from passlib.hash import argon2
from pydantic import BaseModel

from club.db import get_session
from club.models import Member

router = APIRouter()


class SignUp(BaseModel):
    email: str
    password: str


@router.post("/sign-up", status_code=201)
def sign_up(body: SignUp, session=Depends(get_session)):
    session.add(Member(email=body.email, password=body.password))
    session.commit()
    return {"email": body.email}
