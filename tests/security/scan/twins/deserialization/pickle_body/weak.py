import json

import pickle

from starlette.responses import JSONResponse


async def restore(request):
    state = pickle.loads(await request.body())
    return JSONResponse({"count": len(state)})
