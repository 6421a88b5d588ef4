from starlette.responses import JSONResponse

ALLOWED = ("bio", "image")


async def update(request):
    body = await request.json()
    pairs = ", ".join(f"{key} = :{key}" for key in body)
    await request.app.state.db.execute(f"UPDATE users SET {pairs} WHERE id = :id", {**body, "id": request.user.id})
    return JSONResponse({})
