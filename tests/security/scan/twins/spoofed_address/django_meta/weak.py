from django.conf import settings


def throttle_key(request):
    return request.META.get("HTTP_X_FORWARDED_FOR", request.META["REMOTE_ADDR"]).split(",")[0]
