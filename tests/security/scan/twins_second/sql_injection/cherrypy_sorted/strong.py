import cherrypy
import psycopg


class Catalogue:
    def __init__(self, dsn):
        self.dsn = dsn

    @cherrypy.expose
    def index(self, order_by="title"):
        columns = {"title": "title", "year": "published"}
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT title FROM books ORDER BY " + columns.get(order_by, "title"))
            return ", ".join(row[0] for row in cursor)
