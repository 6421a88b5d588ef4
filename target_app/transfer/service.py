from collections.abc import Callable
from functools import partial
from typing import Any

import orjson
from pydantic import ValidationError

from target_app.articles.service import ArticleService
from target_app.controls.deserialization import Deserialization
from target_app.metrics import Metrics
from target_app.threads import Threads
from target_app.transfer.repository import OwnRow, TransferRepository
from target_app.transfer.schemas import ExportQuery, Format, ImportFile
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRow
from target_app.web.answers import moment
from target_app.web.reading import refusal

#: Characters of one part of an export, unless a single article has more: what a worker holds of it is bounded.
LARGEST_PART = 256 * 1024


class TransferService:
    """Articles to files, and back."""

    def __init__(
        self,
        repository: TransferRepository,
        articles: ArticleService,
        deserialization: Deserialization,
        threads: Threads,
        metrics: Metrics,
    ) -> None:
        self._repository = repository
        self._articles = articles
        self._deserialization = deserialization
        self._threads = threads
        self._reading = metrics.upload("import")
        self._writing = metrics.upload("export")
        self._counts = {way: metrics.transferred(way) for way in ("exported", "imported")}

    async def export(self, work: UnitOfWork, query: ExportQuery, viewer: int) -> bytes:
        """A part of the viewer's articles, drafts included, as a file. Raises ApiError 503."""
        rows = await self._repository.of_author(await work.reading(), viewer, query.after, query.limit, LARGEST_PART)
        await work.release()
        rest = rows[-1].id if rows and rows[-1].id < rows[-1].newest else None
        part = {"articles": [exported(row) for row in rows], "next": rest}
        written = await self._threads.run(partial(WRITERS[query.format], part), self._writing)
        self._counts["exported"](len(rows))
        return written

    async def import_file(
        self, work: UnitOfWork, content: bytes, media_type: str, user: UserRow
    ) -> list[dict[str, Any]]:
        """All articles of a file, or none. Raises ApiError 415, 422 and 503."""
        new = (await self._threads.run(partial(self._read, content, media_type), self._reading)).articles
        slugs = await self._articles.create_all(work, new, user.id, user.username)
        work.after_commit(partial(self._counts["imported"], len(new)))
        return [{"slug": slug, "title": one.title, "draft": one.draft} for one, slug in zip(new, slugs, strict=True)]

    def _read(self, content: bytes, media_type: str) -> ImportFile:
        try:
            return ImportFile.model_validate(self._deserialization.load(content, media_type))
        except ValidationError as error:
            raise refusal(error, depth=0, parts=3) from None


def exported(row: OwnRow) -> dict[str, Any]:
    """An article as its author's file holds it."""
    return {
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "body": row.body,
        "tagList": orjson.loads(row.tag_list or "[]"),
        "draft": bool(row.draft),
        "price": row.price,
        "createdAt": moment(row.created_at),
        "updatedAt": moment(row.updated_at),
    }


def written_yaml(part: Any) -> bytes:
    """YAML that `controls.deserialization` reads again."""
    from target_app.transfer import plain_yaml

    return plain_yaml.dump(part)


WRITERS: dict[Format, Callable[[Any], bytes]] = {"json": orjson.dumps, "yaml": written_yaml}
