"""The payment provider's events."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from target_app.schema import LARGEST_INTEGER
from target_app.web.reading import FilledShort

#: More than any event has.
LARGEST_EVENT = 16 * 1024
SIGNATURE_HEADER = {
    "Provider-Signature": {
        "schema": {"type": "string", "pattern": "^t=[0-9]{1,12},v1=[0-9a-f]{64}$"},
        "description": "When it was sent (seconds since 1970), and the HMAC-SHA256 of that, a dot and the body",
    }
}
REPLAYED_HEADER = "Event-Replayed"


class ChargeSaid(BaseModel):
    """A charge as the provider tells of it. `key` is what it was asked for under."""

    id: FilledShort
    key: FilledShort
    status: Literal["succeeded", "declined", "refunded"]
    amount: Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]


class ProviderEvent(BaseModel):
    """Something that happened at the provider."""

    id: FilledShort
    charge: ChargeSaid
