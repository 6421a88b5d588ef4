from sqlalchemy import Column, ForeignKey, Index, String, Table

from target_app.schema import Identifier, metadata

#: Files that somebody's avatar may be: whoever adds or removes such a file holds its row while doing so.
pictures = Table(
    "pictures",
    metadata,
    Column("name", String(80), primary_key=True),
    sqlite_with_rowid=False,
)

avatars = Table(
    "avatars",
    metadata,
    Column("user_id", Identifier, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True),
    Column("picture", String(80), ForeignKey("pictures.name"), nullable=False),
    Index("ix_avatars_picture", "picture"),
)
