"""What an account is for. Each role may do all that those before it may."""

from typing import Literal

Role = Literal["reader", "moderator", "admin"]
ROLES: tuple[Role, ...] = ("reader", "moderator", "admin")
