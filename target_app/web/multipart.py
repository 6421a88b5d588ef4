"""One file out of a form (multipart/form-data, RFC 7578)."""

import logging
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from target_app.web.errors import ApiError
from target_app.web.reading import media_type

if TYPE_CHECKING:  # controls are built on what stands here
    from target_app.controls.input_limits import InputLimits

#: Its warnings quote what a stranger sent, once a request.
logging.getLogger("python_multipart").setLevel(logging.ERROR)
#: What a form adds to its one file: boundaries and heads of the parts.
OVERHEAD = 4096


class Upload(NamedTuple):
    """A file as it came: its bytes, and what its sender claims of it."""

    content: bytes
    filename: str
    media_type: str


class InMemory(MultiPartParser):
    """Starlette's parser without files on disk: what may come at all is little enough for the memory."""

    spool_max_size = 0  # SpooledTemporaryFile: never rolled over

    def close(self) -> None:
        """Let go of every part, also of one whose end did not come."""
        for file in self._files_to_close_on_error:
            file.close()


async def read_file(request: Request, field: str, most: int) -> Upload:
    """The form's one file, `field`, of `most` bytes at most. Raises ApiError 413, 415 and 422."""
    if media_type(request) != "multipart/form-data":
        raise ApiError(415, {"content-type": ["is not taken"]})
    limits: InputLimits = request.app.state.parts.input_limits
    chunks = limits.chunks(request, most + OVERHEAD)
    parser = InMemory(request.headers, chunks, max_files=1, max_fields=4, max_part_size=OVERHEAD)
    try:
        return await uploaded(await parser.parse(), field)
    except MultiPartException:
        raise ApiError(422, {field: ["is invalid"]}) from None
    finally:
        parser.close()


async def uploaded(form: FormData, field: str) -> Upload:
    """What the form has in its field. Raises ApiError 422."""
    file = form.get(field)
    if not isinstance(file, UploadFile):
        raise ApiError(422, {field: ["can't be blank"]})
    return Upload(await file.read(), file.filename or "", file.content_type or "")
