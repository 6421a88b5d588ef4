import tornado.web


class Search(tornado.web.RequestHandler):
    async def get(self):
        name = self.get_argument("name")
        rows = await self.application.db.fetch_all("SELECT id FROM people WHERE name LIKE $1", f"%{name}%")
        self.write({"count": len(rows)})
