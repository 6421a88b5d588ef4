from fastapi import APIRouter, Depends
from pydantic import BaseModel

from app.models import User
from app.database import get_session

router = APIRouter()


class Registration(BaseModel):
    email: str
    password: str
    is_admin: bool = False


@router.post("/users")
async def register(body: Registration, session=Depends(get_session)):
    session.add(User(**body.model_dump()))
    await session.commit()
    return {}
