"""Addresses and methods of the garden."""

from collections.abc import Callable
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path

from tests.security.strangers.allotment import accounts, market, plots
from tests.security.strangers.allotment.web import problem, rules

View = Callable[..., HttpResponse]


def _by_method(**views: View) -> Any:
    allowed = ", ".join(views)

    def dispatch(request: HttpRequest, **arguments: Any) -> HttpResponse:
        view = views.get("GET" if request.method == "HEAD" else request.method)
        if view is not None:
            return view(request, **arguments)
        refused = problem(405, f"allowed are {allowed}")
        refused["Allow"] = allowed
        return refused

    return rules().guard_forms(dispatch)


TABLE: Final[dict[str, dict[str, View]]] = {
    "csrf/": {"GET": accounts.csrf},
    "accounts/": {"POST": accounts.register},
    "session/": {"POST": accounts.sign_in, "DELETE": accounts.sign_out},
    "profile/": {"GET": accounts.read_profile, "PATCH": accounts.change_profile},
    "plots/": {"GET": plots.list_plots, "POST": plots.add_plot},
    "plots/<slug:slug>/": {"GET": plots.read_plot, "PATCH": plots.change_plot, "DELETE": plots.remove_plot},
    "plots/<slug:slug>/beds/": {"GET": plots.list_beds, "POST": plots.add_bed},
    "plots/<slug:slug>/beds/<uuid:bed_id>/": {
        "GET": plots.read_bed, "PATCH": plots.change_bed, "DELETE": plots.remove_bed,
    },
    "legacy/plots/<slug:slug>/": {"GET": plots.legacy_plot},
    "offers/": {"GET": market.list_offers, "POST": market.add_offer},
    "offers/search/": {"GET": market.search_offers},
    "offers/import/": {"POST": market.import_offers},
    "offers/<uuid:offer_id>/": {
        "GET": market.read_offer, "PATCH": market.change_offer, "DELETE": market.remove_offer,
    },
    "offers/<uuid:offer_id>/orders/": {"POST": market.place_order},
    "orders/": {"GET": market.list_orders},
    "orders/<uuid:order_id>/": {"GET": market.read_order},
    "orders/<uuid:order_id>/cancel/": {"POST": market.cancel_order},
    "moderation/offers/": {"GET": market.list_hidden},
    "moderation/offers/<uuid:offer_id>/hide/": {"POST": market.hide_offer},
}  # fmt: skip

urlpatterns = [path(f"api/{route}", _by_method(**views)) for route, views in TABLE.items()]
urlpatterns += [path("status", lambda _request: JsonResponse({"up": True}))]

handler404 = "tests.security.strangers.allotment.web.not_found"
handler500 = "tests.security.strangers.allotment.web.failed"
