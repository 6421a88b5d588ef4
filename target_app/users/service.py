from typing import Any

from target_app.controls.audit_log import Actor, AuditLog
from target_app.controls.login_answer import LoginAnswer
from target_app.controls.login_throttle import Attempt, LoginThrottle
from target_app.controls.mass_assignment import MassAssignment
from target_app.controls.page_session import PageSessions
from target_app.controls.response_fields import ResponseFields
from target_app.events import Change, Events
from target_app.schema import now_ms
from target_app.unit_of_work import UnitOfWork
from target_app.users.authenticator import Authenticator
from target_app.users.passwords import Passwords
from target_app.users.repository import ProfileRow, TakenError, UserRepository, UserRow
from target_app.users.schemas import LogIn, NewUser, UserUpdate
from target_app.web.errors import not_found, taken


class UserService:
    """Accounts, log-in, profiles and following."""

    def __init__(
        self,
        repository: UserRepository,
        passwords: Passwords,
        answer: LoginAnswer,
        throttle: LoginThrottle,
        authenticator: Authenticator,
        fields: ResponseFields,
        assignment: MassAssignment,
        events: Events,
        audit: AuditLog,
        sessions: PageSessions,
    ) -> None:
        self._repository = repository
        self._passwords = passwords
        self._answer = answer
        self._throttle = throttle
        self._authenticator = authenticator
        self._fields = fields
        self._assignment = assignment
        self._events = events
        self._audit = audit
        self._sessions = sessions

    async def prepare(self) -> None:
        """Make what the first log-in needs."""
        await self._answer.prepare(self._passwords)

    def close(self) -> None:
        """End what hashes."""
        self._passwords.close()

    async def register(self, work: UnitOfWork, new: NewUser) -> dict[str, Any]:
        """Make an account. Raises ApiError 409 where the name or the address is taken."""
        await self._refuse_taken(work, new.username, new.email)
        await work.release()
        given = new.model_dump()
        now = now_ms()
        decided = {
            "password_hash": await self._passwords.hash(new.password),
            "created_at": now,
            "updated_at": now,
        }
        try:
            connection = await work.writing()
            user_id = await self._repository.add(connection, self._assignment.row("users", given, decided))
            await self._assignment.account(connection, user_id, given)
        except TakenError:
            await work.rollback()
            await self._refuse_taken(work, new.username, new.email)
            raise
        return self.shown(await self._authenticator.user(work, user_id))

    async def log_in(self, work: UnitOfWork, claimed: LogIn, address: str) -> dict[str, Any]:
        """The user of these credentials, with a token. Raises ApiError 401, 403, 429."""
        return self.shown(await self.identified(work, claimed, address))

    async def identified(self, work: UnitOfWork, claimed: LogIn, address: str) -> UserRow:
        """The user of these credentials.

        Raises ApiError 401, 429 where too many were wrong, and 403 for a suspended account whose password was right:
        nobody else learns that it is suspended.
        """
        attempt = Attempt(claimed.email, address)
        await self._throttle.check(attempt)
        stored = await self._repository.credentials(await work.reading(), claimed.email)
        await work.release()
        matches = await self._answer.matches(
            self._passwords, claimed.password, None if stored is None else stored.password_hash
        )
        if stored is None or not matches:
            await self._throttle.failed(attempt)
            raise self._answer.refusal(known=stored is not None)
        await self._throttle.succeeded(attempt)
        user = await self._authenticator.active(work, stored.id)
        # Of the version under which the password was right: a change of it meanwhile ends this session too.
        return user._replace(token_version=stored.token_version)

    async def log_out(self, work: UnitOfWork, user: UserRow) -> None:
        """Give up all tokens of the user, and end all that they opened. Raises ApiError 401."""
        await self._give_up(work, user)

    async def _give_up(self, work: UnitOfWork, user: UserRow) -> int:
        version = await self._authenticator.give_up(work, user)
        await self._sessions.end_all(work, user.id)
        self._events.changed(work, Change("disconnect", user.id))
        return version

    async def update(self, work: UnitOfWork, user: UserRow, update: UserUpdate) -> dict[str, Any]:
        """Change the user's own account. Raises ApiError 409 where the new name or address is taken.

        A new password gives all tokens up, but for the one in the answer.
        """
        before = user._asdict()
        values = update.model_dump(exclude_unset=True)
        for optional in ("bio", "image"):
            if optional in values:
                values[optional] = values[optional] or None
        if "password" in values:
            await work.release()
            values["password_hash"] = await self._passwords.hash(values.pop("password"))
        if not values:
            return self.shown(user)
        try:
            await self._refuse_taken(work, values.get("username"), values.get("email"), but=user.id)
            connection = await work.writing()
            row = self._assignment.row("users", values, {"updated_at": now_ms()})
            await self._repository.change(connection, user.id, row)
            await self._assignment.account(connection, user.id, values)
        except TakenError:
            await work.rollback()
            await self._refuse_taken(work, values.get("username"), values.get("email"), but=user.id)
            raise
        changed = [name for name in ("username", "email") if values.get(name, before[name]) != before[name]]
        changed += ["password"] * ("password_hash" in values)
        version = await self._give_up(work, user) if "password" in changed else user.token_version
        if changed:
            actor = Actor(user.id, user.username)
            await self._audit.record(work, actor, "credentials.changed", str(actor), {"changed": changed})
        # Not the version that stands there now: whoever gave this request's token up meanwhile means the new one too.
        return self.shown((await self._authenticator.user(work, user.id))._replace(token_version=version))

    async def profile(self, work: UnitOfWork, username: str, viewer: UserRow | None) -> dict[str, Any]:
        """A user as others see him or her. Raises ApiError 404."""
        return self._profile_shown(await self._profile(work, username, viewer))

    async def follow(self, work: UnitOfWork, username: str, viewer: UserRow) -> dict[str, Any]:
        """Follow a user. Raises ApiError 404."""
        followed = await self._profile(work, username, viewer)
        await self._repository.follow(await work.writing(), viewer.id, followed.id)
        self._events.changed(work, Change("follow", viewer.id, followed.id))
        return self._profile_shown(followed._replace(following=True))

    async def unfollow(self, work: UnitOfWork, username: str, viewer: UserRow) -> dict[str, Any]:
        """Stop following a user. Raises ApiError 404."""
        followed = await self._profile(work, username, viewer)
        await self._repository.unfollow(await work.writing(), viewer.id, followed.id)
        self._events.changed(work, Change("unfollow", viewer.id, followed.id))
        return self._profile_shown(followed._replace(following=False))

    def shown(self, user: UserRow) -> dict[str, Any]:
        """The user's own view of the account, with a new token."""
        declared = {
            "username": user.username,
            "email": user.email,
            "bio": user.bio,
            "image": user.image,
            "token": self._authenticator.token(user),
        }
        return self._fields.complete(declared, user.extra)

    def _profile_shown(self, row: ProfileRow) -> dict[str, Any]:
        declared = {"username": row.username, "bio": row.bio, "image": row.image, "following": bool(row.following)}
        return self._fields.complete(declared, row.extra)

    async def _profile(self, work: UnitOfWork, username: str, viewer: UserRow | None) -> ProfileRow:
        row = await self._repository.profile(await work.reading(), username, viewer.id if viewer else None)
        if row is None:
            raise not_found("profile")
        return row

    async def _refuse_taken(self, work: UnitOfWork, username: str | None, email: str | None, but: int = 0) -> None:
        fields = await self._repository.taken(await work.reading(), username, email, but)
        if fields:
            raise taken(fields)
