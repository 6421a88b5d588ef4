from starlette.responses import JSONResponse

from library.store import books


async def shelf(request):
    size = int(request.query_params.get("per_page", "25"))
    return JSONResponse([book.title for book in await books.latest(size)])
