import os

from sanic import Sanic, empty

app = Sanic("reports")


@app.post("/pdf")
async def pdf(request):
    title = request.json["title"]
    os.spawnvp(os.P_NOWAIT, "wkhtmltopdf", ["wkhtmltopdf", "--title", title, "/tmp/in.html", "/tmp/out.pdf"])
    return empty()
