import asyncio

import bcrypt

from app.users import stored_hash


async def log_in(email, password):
    return bcrypt.checkpw(password.encode(), await stored_hash(email))
