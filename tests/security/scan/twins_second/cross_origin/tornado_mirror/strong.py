from tornado.web import RequestHandler

PARTNERS = frozenset({"https://one.example", "https://two.example"})


class Base(RequestHandler):
    def set_default_headers(self):
        origin = self.request.headers.get("Origin", "")
        if origin in PARTNERS:
            self.set_header("Access-Control-Allow-Origin", origin)
            self.set_header("Access-Control-Allow-Credentials", "true")
