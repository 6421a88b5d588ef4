import logging

from django.http import HttpResponse

security_log = logging.getLogger("security")


def unlock(request):
    account = request.POST["account"]
    security_log.warning("account %s was unlocked by %s" % (account, request.user.pk))
    return HttpResponse(status=204)
