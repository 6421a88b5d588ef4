"""Offers, orders, feeds of offers, moderation."""

import json
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.http import HttpRequest, HttpResponse, JsonResponse

from tests.security.strangers.allotment.models import Gardener, Offer, Order
from tests.security.strangers.allotment.rules import Problem
from tests.security.strangers.allotment.web import OFFER, body, found, rules, signed_in
from tests.security.strangers.fields import text, whole

MOST_ITEMS: Final = 20


def shown(offer: Offer) -> dict[str, Any]:
    """What the public sees of an offer."""
    return {
        "id": str(offer.id),
        "title": offer.title,
        "price_cents": offer.price_cents,
        "quantity": offer.quantity,
        "seller": rules().shown_seller(offer.seller),
    }


def shown_order(order: Order) -> dict[str, Any]:
    """What buyer and seller see of an order."""
    return {
        "id": str(order.id),
        "offer_id": str(order.offer_id),
        "quantity": order.quantity,
        "total_cents": order.total_cents,
        "state": order.state,
    }


def list_offers(request: HttpRequest) -> HttpResponse:
    """What is for sale, newest first."""
    size = rules().page_size(request.GET.get("page_size", ""))
    offers = Offer.objects.filter(hidden=False).select_related("seller__user").order_by("-created")
    return JsonResponse({"count": offers.count(), "results": [shown(offer) for offer in offers[:size]]})


def search_offers(request: HttpRequest) -> HttpResponse:
    """By words of the title."""
    return JsonResponse({"results": rules().titles_like(request.GET.get("q", ""))})


def add_offer(request: HttpRequest) -> HttpResponse:
    """A new offer."""
    gardener, fields = signed_in(request), body(request, OFFER)
    return JsonResponse(shown(Offer.objects.create(seller=gardener, **fields)), status=201)


def read_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """One offer, for everybody."""
    return JsonResponse(shown(found(Offer, id=offer_id, hidden=False)))


def own_offer(request: HttpRequest, offer_id: UUID) -> Offer:
    """An offer of the gardener who asks."""
    offer: Offer = found(Offer, id=offer_id)
    if offer.seller != signed_in(request):
        raise Problem(403, "this is not your offer")
    return offer


def change_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Another title, price or quantity."""
    offer = own_offer(request, offer_id)
    for name, value in body(request, {}, OFFER).items():
        setattr(offer, name, value)
    offer.save()
    return JsonResponse(shown(offer))


def remove_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Takes it back."""
    own_offer(request, offer_id).delete()
    return HttpResponse(status=204)


def import_offers(request: HttpRequest) -> HttpResponse:
    """Offers from the feed of a partner."""
    gardener = signed_in(request)
    feed = rules().fetch(body(request, {"feed_url": text(8, 500)})["feed_url"])
    try:
        items = [rules().feed_item(item) for item in json.loads(feed)["offers"][:MOST_ITEMS]]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise Problem(400, "this is no feed of offers") from error
    offers = Offer.objects.bulk_create(Offer(seller=gardener, **item) for item in items)
    return JsonResponse({"results": [shown(offer) for offer in offers]}, status=201)


def place_order(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """Buys, and pays from the balance."""
    buyer = signed_in(request)
    quantity = body(request, {"quantity": whole(rules().LEAST_QUANTITY, 10_000)})["quantity"]
    offer = found(Offer, id=offer_id, hidden=False)
    if offer.seller == buyer:
        raise Problem(409, "this is your own offer")
    with transaction.atomic():
        _move(buyer, offer, quantity)
        order = Order.objects.create(
            buyer=buyer, offer=offer, quantity=quantity, total_cents=quantity * offer.price_cents
        )
    return JsonResponse(shown_order(order), status=201)


def _move(buyer: Gardener, offer: Offer, quantity: int) -> None:
    """Goods one way and money the other, where there is enough of both."""
    total = quantity * offer.price_cents
    left = Offer.objects.filter(pk=offer.pk, quantity__gte=quantity).update(quantity=F("quantity") - quantity)
    paid = Gardener.objects.filter(pk=buyer.pk, balance_cents__gte=total).update(
        balance_cents=F("balance_cents") - total
    )
    if not left or not paid:
        raise Problem(409, "there is not enough left, of the goods or of your balance")
    Gardener.objects.filter(pk=offer.seller_id).update(balance_cents=F("balance_cents") + total)


def list_orders(request: HttpRequest) -> HttpResponse:
    """What one bought."""
    return JsonResponse(
        {"results": [shown_order(order) for order in Order.objects.filter(buyer=signed_in(request))[:50]]}
    )


def read_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """For its buyer and its seller."""
    gardener, order = signed_in(request), found(Order, id=order_id)
    if gardener not in (order.buyer, order.offer.seller):
        raise Problem(404, "no such order")
    return JsonResponse(shown_order(order))


def cancel_order(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Gives goods and money back."""
    order = rules().order_to_cancel(signed_in(request), order_id)
    with transaction.atomic():
        if not Order.objects.filter(pk=order.pk, state="placed").update(state="cancelled"):
            raise Problem(409, "this order was cancelled")
        Offer.objects.filter(pk=order.offer_id).update(quantity=F("quantity") + order.quantity)
        Gardener.objects.filter(pk=order.buyer_id).update(balance_cents=F("balance_cents") + order.total_cents)
        Gardener.objects.filter(pk=order.offer.seller_id).update(balance_cents=F("balance_cents") - order.total_cents)
    return JsonResponse(shown_order(found(Order, id=order_id)))


def list_hidden(request: HttpRequest) -> HttpResponse:
    """Offers that moderators have hidden, for moderators."""
    if not signed_in(request).user.is_staff:
        raise Problem(404, "there is nothing here")
    return JsonResponse({"results": [shown(offer) for offer in Offer.objects.filter(hidden=True)[:50]]})


def hide_offer(request: HttpRequest, offer_id: UUID) -> HttpResponse:
    """A moderator hides an offer from everybody."""
    rules().require_moderator(signed_in(request))
    offer = found(Offer, id=offer_id)
    offer.hidden = True
    offer.save()
    return HttpResponse(status=204)
