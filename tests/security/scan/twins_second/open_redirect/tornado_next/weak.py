from tornado.web import RequestHandler

LANDINGS = {"shop": "/shop", "blog": "/blog"}


class Landing(RequestHandler):
    def get(self):
        self.redirect(self.get_query_argument("next", "/"))
