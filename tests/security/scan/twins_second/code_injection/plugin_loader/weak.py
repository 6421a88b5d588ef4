from importlib import import_module

import falcon

PLUGINS = {"pdf": "exporters.pdf", "xls": "exporters.xls"}


class Export:
    def on_post(self, req, resp):
        plugin = req.get_param("plugin", required=True)
        resp.media = {"started": import_module(f"exporters.{plugin}").start()}
