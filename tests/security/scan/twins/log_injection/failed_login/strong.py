import logging

from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()
logger = logging.getLogger(__name__)


class Attempt(BaseModel):
    username: str


@router.post("/attempts")
def attempt(body: Attempt):
    logger.warning("failed attempt of %r", body.username)
    return {}
