from quart import Quart, abort, g, request

from club.members import promote

app = Quart(__name__)


@app.post("/members/<int:member>/promote")
async def promoted(member):
    body = await request.get_json()
    if g.member.role != "admin":
        abort(403)
    await promote(member, body["to"])
    return {}
