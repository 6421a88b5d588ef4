from pathlib import Path

from quart import Quart, Response, request

app = Quart(__name__)
LOCALES = Path(__file__).parent / "locales"
KNOWN = {path.stem for path in LOCALES.glob("*.ftl")}


@app.get("/messages")
async def messages():
    language = request.headers.get("Accept-Language", "en")
    if language not in KNOWN:
        language = "en"
    return Response((LOCALES / f"{language}.ftl").read_text(), mimetype="text/plain")
