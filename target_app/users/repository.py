from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, exists, false, insert, or_, select, text, update

from target_app.controls.response_fields import ResponseFields
from target_app.database import Connection, ConstraintError
from target_app.prepared import Prepared
from target_app.users.models import follows, users
from target_app.users.roles import Role
from target_app.users.session import Session

#: Following twice, even at the same moment, is following once.
FOLLOW = text("INSERT INTO follows (follower_id, followed_id) VALUES (:follower, :followed) ON CONFLICT DO NOTHING")
UNFOLLOW = delete(follows).where(
    follows.c.follower_id == bindparam("follower"), follows.c.followed_id == bindparam("followed")
)


class UserRow(NamedTuple):
    """A user, without the password's hash."""

    id: int
    username: str
    email: str
    bio: str | None
    image: str | None
    role: Role
    suspended_at: int | None
    token_version: int
    #: The columns that response_fields asked for.
    extra: Sequence[Any]

    @property
    def session(self) -> Session:
        """What a token that is written now stands for."""
        return Session(self.id, self.token_version)


class ProfileRow(NamedTuple):
    """A user as one viewer sees him or her."""

    id: int
    username: str
    bio: str | None
    image: str | None
    following: bool
    extra: Sequence[Any]


class Credentials(NamedTuple):
    """What a log-in is checked against."""

    id: int
    password_hash: str
    token_version: int


#: Columns of each row before `extra`.
OF_USER, OF_PROFILE = len(UserRow._fields) - 1, len(ProfileRow._fields) - 1


class TakenError(Exception):
    """Another user has this username or e-mail address; which of them is for the caller to look up."""


class UserRepository:
    """Statements about users and who follows whom."""

    def __init__(self, fields: ResponseFields) -> None:
        extra = tuple(column.label(f"row_{column.name}") for column in fields.columns)
        columns = tuple(users.c[name] for name in UserRow._fields[:OF_USER])
        self._by_id = Prepared(select(*columns, *extra).where(users.c.id == bindparam("user")))
        profile = (users.c.id, users.c.username, users.c.bio, users.c.image)
        following = exists().where(follows.c.follower_id == bindparam("viewer"), follows.c.followed_id == users.c.id)
        self._profiles = {
            signed_in: Prepared(
                select(*profile, bit.label("following"), *extra).where(users.c.username == bindparam("username"))
            )
            for signed_in, bit in ((False, false()), (True, following))
        }
        self._credentials = Prepared(
            select(*(users.c[name] for name in Credentials._fields)).where(users.c.email == bindparam("email"))
        )

    async def by_id(self, connection: Connection, user_id: int) -> UserRow | None:
        """The user of that id."""
        row = await connection.fetch_one(self._by_id, {"user": user_id})
        return None if row is None else UserRow._make((*row[:OF_USER], row[OF_USER:]))

    async def credentials(self, connection: Connection, email: str) -> Credentials | None:
        """What to check a log-in with this e-mail address against."""
        row = await connection.fetch_one(self._credentials, {"email": email})
        return None if row is None else Credentials(*row)

    async def profile(self, connection: Connection, username: str, viewer: int | None) -> ProfileRow | None:
        """A user as the viewer sees him or her."""
        row = await connection.fetch_one(self._profiles[viewer is not None], {"username": username, "viewer": viewer})
        return None if row is None else ProfileRow._make((*row[:OF_PROFILE], row[OF_PROFILE:]))

    async def taken(self, connection: Connection, username: str | None, email: str | None, but: int = 0) -> list[str]:
        """Which of the two somebody other than user `but` has, in the order in which the contract names them."""
        wanted = or_(users.c.username == username, users.c.email == email)
        found = await connection.rows(select(users.c.username, users.c.email).where(wanted, users.c.id != but))
        fields = {
            "username": username in {row.username for row in found},
            "email": email in {row.email for row in found},
        }
        return [field for field, is_taken in fields.items() if is_taken]

    async def add(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """The id of the new user. Raises TakenError where another request was faster."""
        try:
            row = await connection.row(insert(users).values(**values).returning(users.c.id))
        except ConstraintError:
            raise TakenError from None
        if row is None:
            raise LookupError("the database returned no id for a new user")
        return int(row.id)

    async def change(self, connection: Connection, user_id: int, values: Mapping[str, Any]) -> None:
        """Change some columns. Raises TakenError where another request was faster."""
        try:
            await connection.run(update(users).where(users.c.id == user_id).values(**values))
        except ConstraintError:
            raise TakenError from None

    async def follow(self, connection: Connection, follower: int, followed: int) -> None:
        """Follow a user; once is enough."""
        await connection.run(FOLLOW, {"follower": follower, "followed": followed})

    async def unfollow(self, connection: Connection, follower: int, followed: int) -> None:
        """Stop following a user."""
        await connection.run(UNFOLLOW, {"follower": follower, "followed": followed})
