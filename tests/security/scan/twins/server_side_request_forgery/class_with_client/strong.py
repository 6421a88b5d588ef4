import httpx
from fastapi import APIRouter, Request

from app.urls import ensure_public_host

router = APIRouter()


class Fetcher:
    def __init__(self):
        self.client = httpx.AsyncClient(timeout=4)

    async def fetch(self, url):
        return (await self.client.get(url)).text


fetcher = Fetcher()


@router.post("/snapshot")
async def snapshot(request: Request):
    body = await request.json()
    ensure_public_host(body["page"])
    return await fetcher.fetch(body["page"])
