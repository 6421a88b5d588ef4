import hmac

from pyramid.httpexceptions import HTTPForbidden


def check_csrf(request):
    sent = request.POST.get("csrf_token", "")
    expected = request.session["csrf_token"]
    if sent != expected:
        raise HTTPForbidden()
