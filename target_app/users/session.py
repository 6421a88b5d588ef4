from typing import NamedTuple


class Session(NamedTuple):
    """Who is signed in, and the version of the user's tokens under which that was so."""

    user_id: int
    version: int
