"""Bodies, query strings and answers about articles."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from target_app.users.schemas import ProfileShown
from target_app.web.answers import Stored
from target_app.web.reading import Filled, FilledShort, Limit, Offset, Text


def without_repeats(tags: list[str]) -> list[str]:
    """Each tag once, in the order of its first mention."""
    return list(dict.fromkeys(tags))


#: Minor units of the one currency; 0 is free. Strict: `true` is no price.
Price = Annotated[int, Field(ge=0, le=10_000_000, strict=True)]
Tags = Annotated[list[FilledShort], Field(max_length=50), AfterValidator(without_repeats)]


class NewArticle(BaseModel):
    """An article to publish, or to keep as a draft."""

    title: Filled
    description: Filled
    body: Filled
    tagList: Tags = []  # noqa: N815  # the contract's name
    draft: bool = False
    price: Price = 0


class NewArticleBody(BaseModel):
    """The body of a creation."""

    article: NewArticle


class ArticleUpdate(BaseModel):
    """What to change; a field that is left out stays as it is."""

    title: Filled = ""
    description: Filled = ""
    body: Filled = ""
    tagList: Tags = []  # noqa: N815  # the contract's name
    draft: bool = False
    price: Price = 0


class ArticleUpdateBody(BaseModel):
    """The body of a change."""

    article: ArticleUpdate


class PageQuery(BaseModel):
    """Which part of a list."""

    limit: Limit = 20
    offset: Offset = 0


class ArticleQuery(PageQuery):
    """Which articles, in which order."""

    tag: Text | None = None
    author: Text | None = None
    favorited: Text | None = None
    #: Its values are the control sql's to check.
    sort: Annotated[str, Field(json_schema_extra={"enum": ["newest", "popular"]})] = "newest"


class SummaryShown(BaseModel):
    """An article as lists show it; `price` (minor units) stands only in paid ones."""

    slug: str
    title: str
    description: str
    tagList: Annotated[list[str], Stored]  # noqa: N815  # the contract's name
    createdAt: str  # noqa: N815  # the contract's name
    updatedAt: str  # noqa: N815  # the contract's name
    favorited: bool
    favoritesCount: int  # noqa: N815  # the contract's name
    author: ProfileShown
    price: int | None = None


class ArticleShown(SummaryShown):
    """An article alone; `draft` stands only in drafts, which their owners alone see.

    `purchased` stands only in paid articles; whoever neither wrote nor bought one gets the first 200 characters.
    """

    body: str
    purchased: bool | None = None
    draft: Literal[True] | None = None


class ArticleAnswer(BaseModel):
    """An answer with one article."""

    article: ArticleShown


class ArticlesAnswer(BaseModel):
    """An answer with one page of articles; `articlesCount` is the count of the whole list."""

    articles: list[SummaryShown]
    articlesCount: int  # noqa: N815  # the contract's name


class TagsAnswer(BaseModel):
    """An answer with all tags of published articles."""

    tags: list[str]
