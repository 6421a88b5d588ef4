from collections.abc import Sequence

from sqlalchemy import bindparam, delete, exists, select, text

from target_app.avatars.models import avatars, pictures
from target_app.database import Connection
from target_app.prepared import Prepared

OF_USER = Prepared(select(avatars.c.picture).where(avatars.c.user_id == bindparam("user")).with_for_update())
#: Whether the row was there or not, it is this transaction's until its end.
HOLD = text("INSERT INTO pictures (name) VALUES (:name) ON CONFLICT (name) DO UPDATE SET name = excluded.name")
GIVE = text(
    "INSERT INTO avatars (user_id, picture) VALUES (:user, :name) "
    "ON CONFLICT (user_id) DO UPDATE SET picture = excluded.picture"
)
TAKE = Prepared(delete(avatars).where(avatars.c.user_id == bindparam("user")))
FORGET = Prepared(
    delete(pictures).where(
        pictures.c.name == bindparam("name"), ~exists().where(avatars.c.picture == bindparam("name"))
    )
)


class AvatarRepository:
    """Statements about whose avatar is which picture."""

    async def of_user(self, connection: Connection, user: int) -> str | None:
        """The name of a user's picture, which nobody else changes before this transaction ends."""
        row = await connection.fetch_one(OF_USER, {"user": user})
        return None if row is None else str(row[0])

    async def hold(self, connection: Connection, name: str) -> None:
        """From now on nobody else adds or removes the picture of that name, until this transaction ends."""
        await connection.run(HOLD, {"name": name})

    async def give(self, connection: Connection, user: int, name: str) -> None:
        """Make a picture that is held the user's."""
        await connection.run(GIVE, {"user": user, "name": name})

    async def take(self, connection: Connection, user: int) -> None:
        """The user has none."""
        await connection.change(TAKE, {"user": user})

    async def forget(self, connection: Connection, name: str) -> bool:
        """Whether a picture that is held is nobody's; then it is known no more."""
        return await connection.change(FORGET, {"name": name}) > 0

    async def used(self, connection: Connection, names: Sequence[str]) -> set[str]:
        """Which of these are somebody's."""
        found = await connection.rows(select(avatars.c.picture).where(avatars.c.picture.in_(names)).distinct())
        return {row.picture for row in found}
