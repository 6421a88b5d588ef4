from app.settings import PROXIES


def address_of(request):
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded and request.client.host in PROXIES:
        return forwarded.split(",")[-1].strip()
    return request.client.host
