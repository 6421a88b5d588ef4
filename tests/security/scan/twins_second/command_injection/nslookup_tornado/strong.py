import shlex
import subprocess

from tornado.web import RequestHandler


class Lookup(RequestHandler):
    def post(self):
        domain = self.get_body_argument("domain")
        output = subprocess.run(["nslookup", "--", domain], capture_output=True, text=True, timeout=5).stdout
        self.write({"output": output, "shown": shlex.quote(domain)})
