from target_app.controls.hash_placement import HashPlacement
from target_app.controls.password_hash import PasswordHash


class Passwords:
    """A way of hashing passwords, and where the hashing is done."""

    def __init__(self, scheme: PasswordHash, placement: HashPlacement) -> None:
        self._scheme = scheme
        self._placement = placement

    async def hash(self, password: str) -> str:
        """What to store for `password`. Raises ApiError 503 when too many are waiting."""
        return await self._placement.run(lambda: self._scheme.hash(password))

    async def verify(self, password: str, stored: str) -> bool:
        """Whether `password` is the one stored. Raises ApiError 503 when too many are waiting."""
        return await self._placement.run(lambda: self._scheme.verify(password, stored))

    def close(self) -> None:
        """Let what is running end, drop what waits."""
        self._placement.close()
