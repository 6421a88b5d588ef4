import pytest
from fastapi import APIRouter, Response

from target_app.web.route import Route
from target_app.web.visit import Anyone


def test_an_endpoint_that_asks_for_more_is_refused() -> None:
    """A parameter that the route class would not fill stops the start, not the first request."""
    router = APIRouter(route_class=Route)

    async def with_query(visit: Anyone, page: int) -> Response:
        return Response(f"{visit.viewer}{page}")

    async def without_visit(slug: str) -> Response:
        return Response(slug)

    for endpoint in (with_query, without_visit):
        with pytest.raises(TypeError, match="must take a visit and path parameters"):
            router.add_api_route("/{slug}", endpoint)
