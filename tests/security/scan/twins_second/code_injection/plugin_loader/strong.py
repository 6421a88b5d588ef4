from importlib import import_module

import falcon

PLUGINS = {"pdf": "exporters.pdf", "xls": "exporters.xls"}


class Export:
    def on_post(self, req, resp):
        plugin = req.get_param("plugin", required=True)
        if plugin not in PLUGINS:
            raise falcon.HTTPBadRequest(title="unknown plugin")
        resp.media = {"started": import_module(PLUGINS[plugin]).start()}
