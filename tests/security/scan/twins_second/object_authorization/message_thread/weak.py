from fastapi import APIRouter, Depends, HTTPException
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from chat.auth import authenticated
from chat.db import get_db
from chat.models import Message

router = APIRouter()


@router.delete("/messages/{message_id}", status_code=204)
async def delete_message(message_id: int, me=Depends(authenticated), db: AsyncSession = Depends(get_db)):
    message = (await db.execute(select(Message).where(Message.id == message_id))).scalar_one_or_none()
    if message is None:
        raise HTTPException(404)
    await db.delete(message)
    await db.commit()
