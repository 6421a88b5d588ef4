from aiohttp import web


async def add_comment(request):
    data = await request.json()
    pool = request.app["pool"]
    await pool.execute("INSERT INTO comments (body) VALUES ($1)", data["body"])
    return web.json_response({"ok": True})
