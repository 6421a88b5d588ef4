import httpx

client = httpx.AsyncClient(timeout=httpx.Timeout(3.0))
