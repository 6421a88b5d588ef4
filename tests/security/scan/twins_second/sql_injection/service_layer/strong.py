from starlette.requests import Request
from starlette.responses import JSONResponse


class TicketStore:
    def __init__(self, database):
        self.database = database

    async def by_status(self, status):
        return await self.database.fetch_all("SELECT id, title FROM tickets WHERE status = :status", {"status": status})


async def tickets(request: Request):
    store = TicketStore(request.app.state.database)
    rows = await store.by_status(request.query_params.get("status", "open"))
    return JSONResponse([{"id": row["id"], "title": row["title"]} for row in rows])
