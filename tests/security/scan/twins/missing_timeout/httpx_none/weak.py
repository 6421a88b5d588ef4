import httpx

client = httpx.AsyncClient(timeout=None)
