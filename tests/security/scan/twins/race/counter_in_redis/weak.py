async def allow(redis, user):
    used = int(await redis.get(f"used:{user}") or 0)
    if used >= 5:
        return False
    await redis.set(f"used:{user}", used + 1)
    return True
