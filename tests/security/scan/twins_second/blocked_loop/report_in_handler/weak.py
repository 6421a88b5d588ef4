import asyncio
import subprocess

from aiohttp import web


async def report(request):
    done = subprocess.run(["/usr/bin/make-report"], capture_output=True, timeout=60)
    return web.Response(body=done.stdout)
