"""Bodies and answers about comments."""

from pydantic import BaseModel

from target_app.users.schemas import ProfileShown
from target_app.web.reading import Filled


class NewComment(BaseModel):
    """What somebody says about an article."""

    body: Filled


class NewCommentBody(BaseModel):
    """The body of a creation."""

    comment: NewComment


class CommentShown(BaseModel):
    """A comment."""

    id: int
    createdAt: str  # noqa: N815  # the contract's name
    updatedAt: str  # noqa: N815  # the contract's name
    body: str
    author: ProfileShown


class CommentAnswer(BaseModel):
    """An answer with one comment."""

    comment: CommentShown


class CommentsAnswer(BaseModel):
    """An answer with all comments on an article, the newest first."""

    comments: list[CommentShown]
