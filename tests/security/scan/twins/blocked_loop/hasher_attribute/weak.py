import asyncio

from argon2 import PasswordHasher

hasher = PasswordHasher()


async def register(users, email, password):
    await users.add(email, hasher.hash(password))
