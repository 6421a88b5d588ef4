"""Plots and their beds."""

from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse

from tests.security.strangers.allotment.models import Bed, Plot, new_slug
from tests.security.strangers.allotment.rules import Problem
from tests.security.strangers.allotment.web import body, found, rules, signed_in
from tests.security.strangers.fields import Check, flag, text

NAME: Final = {"name": text(1, 60)}
CROP: Final = {"crop": text(1, 60)}


def _plot_options() -> dict[str, Check]:
    return {"note": text(0, rules().LONGEST_NOTE), "is_public": flag}


def _diary() -> dict[str, Check]:
    return {"diary": text(0, rules().LONGEST_NOTE)}


def shown(plot: Plot) -> dict[str, Any]:
    """What is seen of a plot."""
    return {"slug": plot.slug, "name": plot.name, "note": plot.note, "is_public": plot.is_public}


def shown_bed(bed: Bed) -> dict[str, Any]:
    """What is seen of a bed."""
    return {"id": str(bed.id), "crop": bed.crop, "diary": bed.diary}


def _save(row: Any, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    row.save()


def own_plot(request: HttpRequest, slug: str) -> Plot:
    """A plot of the gardener who asks."""
    return found(Plot, slug=slug, owner=signed_in(request))


def list_plots(request: HttpRequest) -> HttpResponse:
    """One's own, and those that others show."""
    plots = Plot.objects.filter(Q(owner=signed_in(request)) | Q(is_public=True)).order_by("-id")[:50]
    return JsonResponse({"results": [shown(plot) for plot in plots]})


def add_plot(request: HttpRequest) -> HttpResponse:
    """A new plot."""
    gardener, fields = signed_in(request), body(request, NAME, _plot_options())
    plot = Plot.objects.create(owner=gardener, slug=new_slug(fields["name"]), **fields)
    return JsonResponse(shown(plot), status=201)


def read_plot(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own, or one that its owner shows."""
    gardener = signed_in(request)
    plot = Plot.objects.filter(Q(owner=gardener) | Q(is_public=True), slug=slug).first()
    if plot is None:
        raise Problem(404, "no such plot")
    return JsonResponse(shown(plot))


def change_plot(request: HttpRequest, slug: str) -> HttpResponse:
    """Changes what its owner says of it."""
    plot = own_plot(request, slug)
    _save(plot, body(request, {}, NAME | _plot_options()))
    return JsonResponse(shown(plot))


def remove_plot(request: HttpRequest, slug: str) -> HttpResponse:
    """Removes it, with its beds."""
    own_plot(request, slug).delete()
    return HttpResponse(status=204)


def legacy_plot(request: HttpRequest, slug: str) -> HttpResponse:
    """The old address of a plot."""
    return JsonResponse(shown(rules().legacy_plot(slug)))


def list_beds(request: HttpRequest, slug: str) -> HttpResponse:
    """The beds of a plot."""
    plot = rules().beds_of(signed_in(request), slug)
    return JsonResponse({"results": [shown_bed(bed) for bed in Bed.objects.filter(plot=plot)[:50]]})


def add_bed(request: HttpRequest, slug: str) -> HttpResponse:
    """A new bed."""
    bed = Bed.objects.create(plot=own_plot(request, slug), **body(request, CROP, _diary()))
    return JsonResponse(shown_bed(bed), status=201)


def read_bed(request: HttpRequest, slug: str, bed_id: UUID) -> HttpResponse:
    """One bed."""
    return JsonResponse(shown_bed(found(Bed, id=bed_id, plot=own_plot(request, slug))))


def change_bed(request: HttpRequest, slug: str, bed_id: UUID) -> HttpResponse:
    """Another crop, or another diary."""
    bed = rules().bed_to_change(own_plot(request, slug), bed_id)
    _save(bed, body(request, {}, CROP | _diary()))
    return JsonResponse(shown_bed(bed))


def remove_bed(request: HttpRequest, slug: str, bed_id: UUID) -> HttpResponse:
    """Removes it."""
    found(Bed, id=bed_id, plot=own_plot(request, slug)).delete()
    return HttpResponse(status=204)
