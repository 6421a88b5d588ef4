from urllib.parse import urljoin, urlparse

from quart import Quart, redirect, request

app = Quart(__name__)


def same_site(target):
    base, joined = urlparse(request.host_url), urlparse(urljoin(request.host_url, target))
    return joined.scheme in ("http", "https") and base.netloc == joined.netloc


@app.get("/oauth/callback")
async def callback():
    back = request.args.get("return_to") or "/"
    return redirect(back)
