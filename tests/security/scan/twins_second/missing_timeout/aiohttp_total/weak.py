import aiohttp


async def notify(url, payload):
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        async with session.post(url, json=payload) as answer:
            return answer.status
