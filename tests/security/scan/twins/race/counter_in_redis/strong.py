async def allow(redis, user):
    used = await redis.incr(f"used:{user}")
    return used <= 5
