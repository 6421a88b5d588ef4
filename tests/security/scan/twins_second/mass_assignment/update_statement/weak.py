from aiohttp import web

from club.tables import members

EDITABLE = ("nickname", "bio")


async def edit(request):
    body = await request.json()
    async with request.app["engine"].begin() as connection:
        statement = members.update().where(members.c.id == request["member_id"]).values(**body)
        await connection.execute(statement)
    return web.json_response({})
