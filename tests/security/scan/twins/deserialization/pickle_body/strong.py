import json

from starlette.responses import JSONResponse


async def restore(request):
    state = json.loads(await request.body())
    return JSONResponse({"count": len(state)})
