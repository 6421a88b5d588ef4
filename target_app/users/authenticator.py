from target_app.controls.revocation import Revocation
from target_app.controls.suspension import Suspension
from target_app.tuning.token_cache import TokenCache
from target_app.unit_of_work import UnitOfWork
from target_app.users.repository import UserRepository, UserRow
from target_app.users.session import Session
from target_app.users.tokens import SessionTokens
from target_app.web.errors import ApiError, missing_token


class Authenticator:
    """Who asks, and whether he or she may use the account at this moment."""

    def __init__(
        self,
        repository: UserRepository,
        tokens: SessionTokens,
        revocation: Revocation,
        suspension: Suspension,
        cache: TokenCache,
    ) -> None:
        self._repository = repository
        self._tokens = tokens
        self._revocation = revocation
        self._suspension = suspension
        self._authenticated = cache.authenticating(self._read_anew)
        self.published_keys = tokens.published_keys

    async def authenticated(self, work: UnitOfWork, token: str) -> UserRow:
        """The user that a token stands for. Raises ApiError 401, 403."""
        return await self._authenticated(work, token)

    async def signed_in(self, work: UnitOfWork, session: Session) -> UserRow:
        """The user of a session that was not given up. Raises ApiError 401, 403."""
        user = await self.user(work, session.user_id)
        self._revocation.admit(user, session.version)
        self._suspension.admit(user.suspended_at)
        return user

    async def active(self, work: UnitOfWork, user_id: int) -> UserRow:
        """The user of that id, however it is known that he or she asks. Raises ApiError 401, 403."""
        user = await self.user(work, user_id)
        self._suspension.admit(user.suspended_at)
        return user

    def admits(self, user: UserRow, session: Session) -> bool:
        """Whether the user, read just now, has not given the session up."""
        try:
            self._revocation.admit(user, session.version)
        except ApiError:
            return False
        return True

    async def user(self, work: UnitOfWork, user_id: int) -> UserRow:
        """The user of that id, suspended or not. Raises ApiError 401 where there is none."""
        user = await self._repository.by_id(await work.reading(), user_id)
        if user is None:
            raise missing_token()
        return user

    def token(self, user: UserRow) -> str:
        """A new token of the version that the row has."""
        return self._tokens.write(user.session)

    async def give_up(self, work: UnitOfWork, user: UserRow) -> int:
        """Give up all tokens of the user; the version of those to come. Raises ApiError 401."""
        return await self._revocation.revoke(work, user)

    async def _read_anew(self, work: UnitOfWork, token: str) -> UserRow:
        return await self.signed_in(work, self._tokens.read(token))
