import aiohttp


def session():
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=True))
