"""Accounts, sessions and profiles."""

from typing import Any, Final

from django.contrib.auth import authenticate, login, logout
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token

from tests.security.strangers.allotment.models import Gardener, enrol
from tests.security.strangers.allotment.rules import Problem
from tests.security.strangers.allotment.web import body, json_body, rules, signed_in
from tests.security.strangers.fields import new_password, text
from tests.security.strangers.throttle import Throttle

EMAIL: Final = text(3, 120, r"[^@\s\x00]+@[^@\s\x00]+")

_registrations = Throttle(20)


def csrf(request: HttpRequest) -> HttpResponse:
    """A token, also in the cookie `csrftoken`."""
    return JsonResponse({"csrf_token": get_token(request)})


def register(request: HttpRequest) -> HttpResponse:
    """A new account."""
    address = request.META["REMOTE_ADDR"]
    if _registrations.spent(address):
        raise Problem(429, "too many accounts, wait a minute")
    _registrations.note(address)
    fields = body(request, {"email": EMAIL, "password": new_password, "display_name": text(1, 60)})
    try:
        enrol(fields["email"], fields["password"], fields["display_name"])
    except IntegrityError:
        rules().taken()
    return JsonResponse({"detail": "You can sign in now, if this address was new. We sent a mail to it."}, status=201)


def sign_in(request: HttpRequest) -> HttpResponse:
    """Starts a session."""
    fields = body(request, {"email": text(1, 200), "password": text(1, 200)})
    address = request.META["REMOTE_ADDR"]
    rules().before_login(fields["email"], address)
    user = authenticate(request, username=fields["email"], password=fields["password"])
    if user is None:
        rules().failed_login(fields["email"], address)
        raise Problem(401, "address or password is wrong")
    login(request, user)
    return JsonResponse(shown(user.gardener) | {"csrf_token": get_token(request)})


def sign_out(request: HttpRequest) -> HttpResponse:
    """Ends the session."""
    signed_in(request)
    logout(request)
    return HttpResponse(status=204)


def shown(gardener: Gardener) -> dict[str, Any]:
    """What gardeners see of themselves."""
    return {
        "email": gardener.user.email,
        "display_name": gardener.display_name,
        "address": gardener.address,
        "balance_cents": gardener.balance_cents,
        "is_staff": gardener.user.is_staff,
    }


def read_profile(request: HttpRequest) -> HttpResponse:
    """Who is signed in."""
    return JsonResponse(shown(signed_in(request)))


def change_profile(request: HttpRequest) -> HttpResponse:
    """Changes the name or the address."""
    gardener = signed_in(request)
    for name, value in rules().profile_changes(json_body(request)).items():
        setattr(gardener if hasattr(gardener, name) else gardener.user, name, value)
    gardener.save()
    gardener.user.save()
    return JsonResponse(shown(gardener))
