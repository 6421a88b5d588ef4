import ssl

import httpx

client = httpx.Client(verify=False)
