"""Bodies and answers about link previews."""

from typing import Annotated

from pydantic import BaseModel, Field

from target_app.web.reading import NOT_BLANK

#: Whether it may be fetched is the outbound guard's to say.
Url = Annotated[str, Field(pattern=NOT_BLANK, max_length=2000)]


class NewPreview(BaseModel):
    """A page to look at."""

    url: Url


class NewPreviewBody(BaseModel):
    """The body of a request for a preview."""

    preview: NewPreview


class PreviewShown(BaseModel):
    """What a page says of itself; `url` is where its redirects ended, `image` an address that nobody has fetched."""

    url: str
    title: str | None
    description: str | None
    image: str | None


class PreviewAnswer(BaseModel):
    """An answer with a preview."""

    preview: PreviewShown
