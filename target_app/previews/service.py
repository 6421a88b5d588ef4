from typing import Any
from urllib.parse import urljoin, urlsplit

from target_app.outbound.fetcher import Fetched, Fetcher, unfetchable
from target_app.previews.html import LONGEST_URL, decoded, page
from target_app.unit_of_work import UnitOfWork


class PreviewService:
    """Previews of pages that users link to."""

    def __init__(self, fetcher: Fetcher) -> None:
        self._fetcher = fetcher

    async def preview(self, work: UnitOfWork, url: str) -> dict[str, Any]:
        """What the page says of itself. Raises ApiError 422 where it may not be fetched, or is no page."""
        await work.release()
        fetched = await self._fetcher.get(url)
        kind, charset = content_type(fetched)
        if fetched.status != 200 or kind not in {"text/html", "application/xhtml+xml"}:
            raise unfetchable()
        found = page(decoded(fetched.body, charset))
        return {
            "url": fetched.url,
            "title": found.title or None,
            "description": found.description or None,
            "image": web_address(fetched.url, found.image),
        }


def content_type(fetched: Fetched) -> tuple[str, str]:
    """Media type and charset of an answer, in small letters."""
    kind, _, parameters = fetched.headers.get("Content-Type", "").lower().partition(";")
    _, _, charset = parameters.partition("charset=")
    return kind.strip(), charset.split(";")[0].strip(" \"'") or "utf-8"


def web_address(base: str, reference: str) -> str | None:
    """A reference on a page as an absolute URL; None where a browser should not load it as an image."""
    try:
        url = urljoin(base, reference)
        parts = urlsplit(url)
    except ValueError:
        return None
    usable = reference and parts.scheme in {"http", "https"} and parts.netloc and len(url) <= LONGEST_URL
    return url if usable and url.isprintable() else None
