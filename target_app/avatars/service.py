import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

from target_app.avatars.files import PictureFiles, Staged
from target_app.avatars.repository import AvatarRepository
from target_app.avatars.schemas import SHOWN_AT
from target_app.controls.file_path import FilePath
from target_app.controls.upload_content import UploadContent
from target_app.metrics import Metrics
from target_app.schema import now_ms
from target_app.threads import Threads
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRepository, UserRow
from target_app.web.errors import ApiError, not_found
from target_app.web.multipart import Upload

LOG = logging.getLogger(__name__)
#: A picture never changes; one that was deleted goes on being shown for so long at most.
CACHED = "public, max-age=86400, immutable"


class Shown(NamedTuple):
    """A picture to serve: with `validators`, and `headers` that say what it is."""

    content: bytes
    tag: str
    validators: Mapping[str, str]
    headers: Mapping[str, str]


class AvatarService:
    """Pictures that users show of themselves."""

    def __init__(
        self,
        repository: AvatarRepository,
        users: UserRepository,
        files: PictureFiles,
        content: UploadContent,
        paths: FilePath,
        threads: Threads,
        metrics: Metrics,
        released: Callable[[str], None],
    ) -> None:
        self._repository = repository
        self._users = users
        self._files = files
        self._content = content
        self._paths = paths
        self._threads = threads
        self._observe = metrics.upload("picture")
        self._released = released

    async def upload(self, work: UnitOfWork, upload: Upload, user: UserRow) -> dict[str, Any]:
        """The picture is the user's avatar from now on. Raises ApiError 422 and 503."""
        try:
            staged = await self._threads.run(partial(self._staged, upload), self._observe)
            try:
                await self._give(work, staged, user)
            except BaseException:
                self._files.drop(staged)
                raise
        except OSError as error:
            LOG.exception("a picture cannot be stored")
            raise ApiError(503, {"storage": ["is not available"]}, {"Retry-After": "1"}) from error
        return {"image": SHOWN_AT + staged.name}

    async def delete(self, work: UnitOfWork, user: UserRow) -> None:
        """The user has no avatar, as perhaps before; an image of another server stays."""
        connection = await work.writing()
        name = await self._repository.of_user(connection, user.id)
        if name is None:
            return
        await self._repository.take(connection, user.id)
        if user.image == SHOWN_AT + name:
            await self._users.change(connection, user.id, {"image": None, "updated_at": now_ms()})
        work.after_commit(partial(self._released, name))

    def shown(self, name: str) -> Shown:
        """A picture and how to serve it. Raises ApiError 404."""
        path = self._paths.find(name)
        tag = f'"{path.stem}"'
        try:
            content = path.read_bytes()
        except OSError:  # deleted meanwhile, or the disk fails
            raise not_found("file") from None
        return Shown(content, tag, {"ETag": tag, "Cache-Control": CACHED}, self._content.headers(path.suffix))

    def _staged(self, upload: Upload) -> Staged:
        return self._files.stage(self._content.accept(upload))

    async def _give(self, work: UnitOfWork, staged: Staged, user: UserRow) -> None:
        connection = await work.writing()
        before = await self._repository.of_user(connection, user.id)
        await self._repository.hold(connection, staged.name)
        await self._repository.give(connection, user.id, staged.name)
        await self._users.change(connection, user.id, {"image": SHOWN_AT + staged.name, "updated_at": now_ms()})
        await asyncio.to_thread(self._files.show, staged)
        if before is not None and before != staged.name:
            work.after_commit(partial(self._released, before))
