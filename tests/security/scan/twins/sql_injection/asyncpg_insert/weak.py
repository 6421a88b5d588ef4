from aiohttp import web


async def add_comment(request):
    data = await request.json()
    pool = request.app["pool"]
    await pool.execute(f"INSERT INTO comments (body) VALUES ('{data['body']}')")
    return web.json_response({"ok": True})
