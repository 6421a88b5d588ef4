import subprocess

import bottle

TOOLS = {"png": "/usr/bin/optipng", "jpg": "/usr/bin/jpegoptim"}


@bottle.post("/optimise")
def optimise():
    kind = bottle.request.forms.get("kind")
    subprocess.run([TOOLS[kind], "/srv/image"], check=True)
    return {}
