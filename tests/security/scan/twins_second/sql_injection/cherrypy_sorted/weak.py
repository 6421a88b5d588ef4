import cherrypy
import psycopg


class Catalogue:
    def __init__(self, dsn):
        self.dsn = dsn

    @cherrypy.expose
    def index(self, order_by="title"):
        with psycopg.connect(self.dsn) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT title FROM books ORDER BY " + order_by)
            return ", ".join(row[0] for row in cursor)
