import hashlib
import hmac

import falcon


class Push:
    def __init__(self, secret):
        self.secret = secret

    def on_post(self, req, resp):
        digest = "sha256=" + hmac.new(self.secret, req.bounded_stream.read(), hashlib.sha256).hexdigest()
        if req.get_header("X-Hub-Signature-256") != digest:
            raise falcon.HTTPForbidden()
