from pathlib import Path

import falcon

ROOT = Path("/srv/pages")


class Page:
    def on_get(self, req, resp, name):
        resp.text = (ROOT / f"{name}.html").read_text()
