from tornado.web import RequestHandler

LANDINGS = {"shop": "/shop", "blog": "/blog"}


class Landing(RequestHandler):
    def get(self):
        self.redirect(LANDINGS.get(self.get_query_argument("next", ""), "/"))
