"""Bodies, query strings and answers about webhooks."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from target_app.articles.schemas import PageQuery
from target_app.events import EventType
from target_app.previews.schemas import Url
from target_app.web.answers import Stored

Status = Literal["pending", "delivered", "dead"]


def without_repeats(events: list[EventType]) -> list[EventType]:
    """Each type once."""
    return list(dict.fromkeys(events))


class NewWebhook(BaseModel):
    """Where to tell of which events."""

    url: Url
    events: Annotated[list[EventType], Field(min_length=1, max_length=20), AfterValidator(without_repeats)]


class NewWebhookBody(BaseModel):
    """The body of a creation."""

    webhook: NewWebhook


class DeliveryQuery(PageQuery):
    """Which deliveries."""

    status: Status | None = None


class WebhookShown(BaseModel):
    """A webhook, as its owner sees it."""

    id: int
    url: str
    events: Annotated[list[EventType], Stored]
    createdAt: str  # noqa: N815  # the style of the contract's names


class NewWebhookShown(WebhookShown):
    """A new webhook; `secret`, with which its deliveries are signed, is shown this once."""

    secret: str


class NewWebhookAnswer(BaseModel):
    """The answer to a creation."""

    webhook: NewWebhookShown


class WebhookAnswer(BaseModel):
    """An answer with one webhook."""

    webhook: WebhookShown


class WebhooksAnswer(BaseModel):
    """An answer with all webhooks of a user."""

    webhooks: list[WebhookShown]


class DeliveryShown(BaseModel):
    """One event for one webhook; `answered` is the status that the receiver gave last, null where none came."""

    id: int
    event: str
    type: EventType
    status: Status
    attempts: int
    answered: int | None
    nextAttemptAt: str | None  # noqa: N815  # the style of the contract's names
    createdAt: str  # noqa: N815  # the style of the contract's names
    updatedAt: str  # noqa: N815  # the style of the contract's names


class DeliveryAnswer(BaseModel):
    """An answer with one delivery."""

    delivery: DeliveryShown


class DeliveriesAnswer(BaseModel):
    """An answer with one page of deliveries; `deliveriesCount` is the count of the whole list."""

    deliveries: list[DeliveryShown]
    deliveriesCount: int  # noqa: N815  # the style of the contract's names
