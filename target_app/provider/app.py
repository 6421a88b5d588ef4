"""The payment provider's HTTP interface."""

import hmac
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from target_app.provider.behaviour import Behaviour, Conduct, Ending
from target_app.provider.delivery import Delivery
from target_app.provider.store import ConflictError, Store

Model = TypeVar("Model", bound=BaseModel)
Short = Annotated[str, Field(min_length=1, max_length=255)]
Amount = Annotated[int, Field(ge=1, le=2**53)]

HOME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Provider of payments</title>
<meta property="og:title" content="A provider of payments">
<meta property="og:description" content="Takes money in tests, and never any in earnest.">
</head><body><h1>Provider of payments</h1><p>It takes money in tests, and never any in earnest.</p></body></html>
"""


class NewCharge(BaseModel):
    """What to charge, in minor units, and the caller's own name for it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: Amount
    reference: Short


class NewRefund(BaseModel):
    """How much of which charge to give back."""

    model_config = ConfigDict(extra="forbid", strict=True)

    charge: Short
    amount: Amount


Endpoint = Callable[[Request], Awaitable[Response]]


def create_provider(store: Store, conduct: Conduct, delivery: Delivery, api_key: str) -> Starlette:
    """The provider over one file."""
    counters = {"sink": 0, **{ending.value: 0 for ending in Ending}}
    credential = f"Bearer {api_key}".encode()

    def guarded(endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            if not hmac.compare_digest(request.headers.get("authorization", "").encode(), credential):
                return refusal(401, "the API key is missing or wrong")
            return await endpoint(request)

        return answer

    async def doing(work: Callable[[], Response]) -> Response:
        ending = conduct.ending()
        counters[ending.value] += 1
        answer = refusal(500, "something went wrong") if ending is Ending.FAILED_BEFORE else work()
        await conduct.pause(ending)
        return refusal(500, "something went wrong") if ending is Ending.FAILED_AFTER else answer

    async def charge(request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        asked = await read(request, NewCharge)
        if not key or asked is None:
            return refusal(400, "an Idempotency-Key, an amount and a reference are needed")

        def work() -> Response:
            try:
                declined = conduct.declines(asked.amount)
                made = store.charge(key, asked.reference, asked.amount, declined, delivery.copies)
            except ConflictError as error:
                return refusal(409, str(error))
            return JSONResponse(made._asdict(), 201)

        return await doing(work)

    async def charges(request: Request) -> Response:
        reference = request.query_params.get("reference", "")
        return await doing(lambda: JSONResponse({"charges": [one._asdict() for one in store.by_reference(reference)]}))

    async def refund(request: Request) -> Response:
        key = request.headers.get("idempotency-key", "")
        asked = await read(request, NewRefund)
        if not key or asked is None:
            return refusal(400, "an Idempotency-Key, a charge and an amount are needed")

        def work() -> Response:
            try:
                made = store.refund(key, asked.charge, asked.amount, delivery.copies)
            except ConflictError as error:
                return refusal(409, str(error))
            return refusal(404, "there is no such charge") if made is None else JSONResponse(made._asdict(), 201)

        return await doing(work)

    async def control(request: Request) -> Response:
        if request.method == "PUT":
            settings = await read(request, Behaviour)
            if settings is None:
                return refusal(400, "delay_ms, failure_rate, timeout_rate and decline_rate can be set")
            conduct.settings = settings
        counts = {**store.counts(), "events_sent": delivery.sent, **counters}
        return JSONResponse({"behaviour": conduct.settings.model_dump(), "counts": counts})

    async def sink(request: Request) -> Response:
        async for _ in request.stream():
            pass
        counters["sink"] += 1
        return Response(status_code=204)

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def home(_request: Request) -> Response:
        return HTMLResponse(HOME)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        delivery.start()
        yield
        await delivery.stop()
        store.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/v1/charges", guarded(charge), methods=["POST"]),
            Route("/v1/charges", guarded(charges), methods=["GET"]),
            Route("/v1/refunds", guarded(refund), methods=["POST"]),
            Route("/control", guarded(control), methods=["GET", "PUT"]),
            Route("/sink", sink, methods=["POST"]),
            Route("/health", health),
            Route("/", home),
        ],
    )


async def read(request: Request, model: type[Model]) -> Model | None:
    """The body as `model`, or None where it is none."""
    try:
        return model.model_validate_json(await request.body())
    except ValidationError:
        return None


def refusal(status: int, why: str) -> Response:
    """An error with its reason."""
    return JSONResponse({"error": why}, status)
