"""Forms and answers about avatars."""

from typing import Annotated

from pydantic import BaseModel, Field

#: Bytes of an uploaded picture.
LARGEST_PICTURE = 2 * 1024 * 1024
#: Where pictures are served.
SHOWN_AT = "/api/avatars/"


class AvatarForm(BaseModel):
    """The form of an upload: PNG, JPEG, GIF or WebP of 12.5 million pixels at most."""

    avatar: Annotated[bytes, Field(json_schema_extra={"format": "binary"})]


class AvatarShown(BaseModel):
    """A stored avatar; `image` is its path on this server, as it stands in the profile."""

    image: str


class AvatarAnswer(BaseModel):
    """An answer with an avatar."""

    avatar: AvatarShown
