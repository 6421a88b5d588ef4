import asyncio
import subprocess

from aiohttp import web


async def report(request):
    process = await asyncio.create_subprocess_exec("/usr/bin/make-report", stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return web.Response(body=output)
