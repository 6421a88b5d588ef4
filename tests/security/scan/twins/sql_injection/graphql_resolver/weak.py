import strawberry

from app.database import connection


@strawberry.type
class Query:
    @strawberry.field
    def users(self, role: str) -> list[str]:
        rows = connection.execute("SELECT name FROM users WHERE role = '%s'" % role)
        return [row[0] for row in rows]
