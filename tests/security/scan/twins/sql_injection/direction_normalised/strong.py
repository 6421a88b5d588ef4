from sanic import Sanic, json

app = Sanic("shop")


@app.get("/orders")
async def orders(request):
    direction = request.args.get("direction", "asc")
    direction = "DESC" if direction == "desc" else "ASC"
    rows = await app.ctx.db.fetch(f"SELECT id FROM orders ORDER BY created {direction}")
    return json([row["id"] for row in rows])
