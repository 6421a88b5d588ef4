import shlex
import subprocess

from tornado.web import RequestHandler


class Lookup(RequestHandler):
    def post(self):
        domain = self.get_body_argument("domain")
        output = subprocess.getoutput("nslookup " + domain)
        self.write({"output": output, "shown": shlex.quote(domain)})
