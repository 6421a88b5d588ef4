from typing import NamedTuple, Self


class Message(NamedTuple):
    """One event as it is sent, encoded once for all its readers."""

    text: str
    sse: bytes

    @classmethod
    def of(cls, encoded: str) -> Self:
        """The message of an event in JSON, which has no line break in it."""
        return cls(encoded, f"data: {encoded}\n\n".encode())
