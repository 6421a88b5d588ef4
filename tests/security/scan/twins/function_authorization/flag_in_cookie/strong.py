from starlette.responses import JSONResponse

from app.reports import totals


async def report(request):
    if request.user.is_admin:
        return JSONResponse(totals())
    return JSONResponse({}, status_code=403)
