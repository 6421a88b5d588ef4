from starlette.responses import JSONResponse


async def log_in(request):
    response = JSONResponse({"ok": True})
    response.set_cookie("session", await request.app.state.sessions.new(), httponly=True, secure=True, samesite="lax")
    return response
