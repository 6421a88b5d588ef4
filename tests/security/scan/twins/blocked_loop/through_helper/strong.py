import asyncio
import hashlib


def derived(password, salt):
    return hashlib.scrypt(password.encode(), salt=salt, n=2**17, r=8, p=1, maxmem=2**28)


async def register(store, email, password, salt):
    loop = asyncio.get_running_loop()
    await store.add(email, await loop.run_in_executor(None, derived, password, salt))
