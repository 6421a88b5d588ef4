import httpx
from litestar import post
from pydantic import BaseModel, HttpUrl

from hooks.net import resolve_public


class Registration(BaseModel):
    target: HttpUrl


@post("/hooks")
async def register(data: Registration) -> dict:
    async with httpx.AsyncClient(timeout=3.0) as http:
        answer = await http.post(str(data.target), json={"challenge": "x"})
    return {"accepted": answer.status_code == 200}
