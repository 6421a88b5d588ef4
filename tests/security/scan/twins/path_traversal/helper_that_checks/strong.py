from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse

NOTES = Path("/srv/notes")


def located(name):
    path = (NOTES / name).resolve()
    if NOTES not in path.parents:
        raise HTTPException(404)
    return path


async def note(request):
    return PlainTextResponse(located(request.path_params["name"]).read_text())
