from fastapi import APIRouter, Depends, HTTPException

from app.auth import current_user
from app.database import get_session
from app.models import Order, OrderOut, User

router = APIRouter()


@router.get("/orders/{order_id}", response_model=OrderOut)
async def order(order_id: int, user: User = Depends(current_user), session=Depends(get_session)):
    found = await session.get(Order, order_id)
    if found is None:
        raise HTTPException(404)
    return found
