from aiohttp import web

from club.tables import members

EDITABLE = ("nickname", "bio")


async def edit(request):
    body = await request.json()
    async with request.app["engine"].begin() as connection:
        changes = {name: body[name] for name in EDITABLE if name in body}
        statement = members.update().where(members.c.id == request["member_id"]).values(**changes)
        await connection.execute(statement)
    return web.json_response({})
