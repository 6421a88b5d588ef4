import json
import pickle

from sanic import Sanic, text

app = Sanic("sessions")


@app.get("/resume")
async def resume(request):
    blob = await app.ctx.redis.get(request.cookies.get("sid"))
    state = pickle.loads(blob)
    return text(state["step"])
