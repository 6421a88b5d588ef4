import asyncio
import shlex

from aiohttp import web


async def archive(request):
    folder = request.query["folder"]
    process = await asyncio.create_subprocess_shell("tar czf /tmp/out.tgz " + folder)
    await process.wait()
    return web.FileResponse("/tmp/out.tgz")
