from sanic import json

from members.sessions import new_session


async def sign_in(request):
    response = json({"signed_in": True})
    response.add_cookie("session_id", await new_session(), httponly=False, secure=False)
    return response
