"""The query of a stream, and the answer with a ticket."""

from typing import Annotated

from pydantic import BaseModel, Field

from target_app.web.reading import FilledShort

#: Articles that one connection may name.
MOST_ARTICLES = 20


class StreamQuery(BaseModel):
    """What opens a stream, and which articles it hears beside the user's own affairs and followed authors."""

    ticket: Annotated[FilledShort | None, Field(description="From `POST /api/tickets`; used up by this request")] = None
    article: Annotated[
        list[FilledShort], Field(max_length=MOST_ARTICLES, description="Slugs of articles to hear of")
    ] = []


class TicketShown(BaseModel):
    """A ticket and when it expires."""

    value: str
    expiresAt: str  # noqa: N815  # the API's name


class TicketAnswer(BaseModel):
    """An answer with a ticket."""

    ticket: TicketShown
