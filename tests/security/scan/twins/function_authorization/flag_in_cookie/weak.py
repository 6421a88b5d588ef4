from starlette.responses import JSONResponse

from app.reports import totals


async def report(request):
    if request.cookies.get("is_admin") == "true":
        return JSONResponse(totals())
    return JSONResponse({}, status_code=403)
