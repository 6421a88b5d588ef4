"""Files of articles: what an export holds, and what an import takes."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from target_app.articles.schemas import NewArticle
from target_app.web.reading import LARGEST_BODY, Offset

#: Articles in one file. Followers hear of each that is published: fewer at once than a reader's queue holds.
MOST_ARTICLES = 50
#: Bytes of a file. The longest texts that the API takes fit in, however an export has to write them.
LARGEST_FILE = 4 * LARGEST_BODY

Format = Literal["json", "yaml"]
MEDIA_TYPES: dict[Format, str] = {"json": "application/json", "yaml": "application/yaml"}


class ExportQuery(BaseModel):
    """Which part of the articles, and how it is written."""

    format: Format = "json"
    limit: Annotated[int, Field(ge=1, le=MOST_ARTICLES)] = MOST_ARTICLES
    after: Offset = 0


class ImportedArticle(NewArticle):
    """One article of a file; what else stands in it is ignored."""

    @model_validator(mode="after")
    def as_long_as_the_api_takes(self) -> Self:
        """So that what was imported can be exported and imported again."""
        if sum(len(text.encode()) for text in (self.title, self.description, self.body)) > LARGEST_BODY:
            raise PydanticCustomError("string_too_long", "too long")
        return self


class ImportFile(BaseModel):
    """A file to import: such as an export gives."""

    articles: Annotated[list[ImportedArticle], Field(min_length=1, max_length=MOST_ARTICLES)]


class ExportedArticle(BaseModel):
    """An article as its author has it; `price` in minor units."""

    slug: str
    title: str
    description: str
    body: str
    tagList: list[str]  # noqa: N815  # the contract's name
    draft: bool
    price: int
    createdAt: str  # noqa: N815  # the contract's name
    updatedAt: str  # noqa: N815  # the contract's name


class ExportFile(BaseModel):
    """Some of the articles, the oldest first; the rest begins `after` the number `next`, null where this is all."""

    articles: list[ExportedArticle]
    next: int | None


class ImportedShown(BaseModel):
    """What became of one article of the file."""

    slug: str
    title: str
    draft: bool


class ImportAnswer(BaseModel):
    """All articles of the file, in its order."""

    articles: list[ImportedShown]
