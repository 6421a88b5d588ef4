from django.conf import settings


def throttle_key(request):
    if request.META["REMOTE_ADDR"] in settings.TRUSTED_PROXIES:
        return request.META["HTTP_X_FORWARDED_FOR"].split(",")[-1]
    return request.META["REMOTE_ADDR"]
