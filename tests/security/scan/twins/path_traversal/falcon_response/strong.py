from pathlib import Path

import falcon

ROOT = Path("/srv/pages")


class Page:
    def on_get(self, req, resp, name):
        path = ROOT.joinpath(f"{name}.html").resolve()
        try:
            path.relative_to(ROOT)
        except ValueError:
            raise falcon.HTTPNotFound from None
        resp.text = path.read_text()
