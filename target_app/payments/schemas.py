"""The payment provider's events."""

from typing import Annotated

from pydantic import BaseModel, Field

from target_app.provider_secrets import SIGNATURE_HEADER
from target_app.schema import LARGEST_INTEGER
from target_app.web.reading import FilledShort

#: More than any event has.
LARGEST_EVENT = 16 * 1024
SIGNED = {
    SIGNATURE_HEADER: {
        "schema": {"type": "string", "pattern": "^t=[1-9][0-9]{0,11},v1=[0-9a-f]{64}$"},
        "description": "When it was sent (seconds since 1970), and the HMAC-SHA256 of that, a dot and the body",
    }
}
REPLAYED_HEADER = "Event-Replayed"


class EventData(BaseModel):
    """What an event is about: a charge, or a refund of one. `reference` is the name that we gave the charge."""

    id: FilledShort
    reference: FilledShort
    amount: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]


class ProviderEvent(BaseModel):
    """Something that happened at the provider; types that nobody here knows are taken and ignored."""

    id: FilledShort
    type: FilledShort
    data: EventData
