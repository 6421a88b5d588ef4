"""The assembly of one server from its settings and its treatment, in one visible order."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.responses import JSONResponse, Response

from target_app.accounts.endpoints import router as accounts_router
from target_app.accounts.repository import AccountRepository
from target_app.accounts.service import AccountService
from target_app.articles.endpoints import router as articles_router
from target_app.articles.repository import ArticleRepository
from target_app.articles.service import ArticleService
from target_app.audit.endpoints import router as audit_router
from target_app.audit.service import AuditService
from target_app.avatars.cleaning import SWEEP_S, Cleaner
from target_app.avatars.endpoints import router as avatars_router
from target_app.avatars.files import PictureFiles
from target_app.avatars.repository import AvatarRepository
from target_app.avatars.service import AvatarService
from target_app.background import Background
from target_app.comments.endpoints import router as comments_router
from target_app.comments.repository import CommentRepository
from target_app.comments.service import CommentService
from target_app.controls.audit_log import AUDIT_LOG
from target_app.controls.browser_policy import BROWSER_POLICY, BrowserPolicy
from target_app.controls.deserialization import DESERIALIZATION
from target_app.controls.errors_and_docs import ERRORS_AND_DOCS
from target_app.controls.file_path import FILE_PATH
from target_app.controls.form_token import BoundToSession
from target_app.controls.function_authz import FUNCTION_AUTHZ
from target_app.controls.hash_placement import HASH_PLACEMENT
from target_app.controls.input_limits import INPUT_LIMITS, InputLimits
from target_app.controls.login_answer import LOGIN_ANSWER, LoginAnswer
from target_app.controls.login_throttle import LOGIN_THROTTLE, LoginThrottle
from target_app.controls.mass_assignment import MASS_ASSIGNMENT
from target_app.controls.model import Kit
from target_app.controls.object_authz import OBJECT_AUTHZ, ObjectAuthz
from target_app.controls.outbound_guard import OUTBOUND_GUARD
from target_app.controls.page_session import Stored
from target_app.controls.password_hash import PASSWORD_HASH
from target_app.controls.provider_tls import PROVIDER_TLS, ProviderTls
from target_app.controls.rate_limit import RATE_LIMIT
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.controls.revocation import REVOCATION
from target_app.controls.socket_limits import Bounded as BoundedSockets
from target_app.controls.sql import SQL
from target_app.controls.stock_and_coupon import STOCK_AND_COUPON
from target_app.controls.suspension import Immediate
from target_app.controls.upload_content import UPLOAD_CONTENT
from target_app.controls.waf import WAF
from target_app.controls.webhook_verification import WEBHOOK_VERIFICATION
from target_app.coupons.endpoints import router as coupons_router
from target_app.coupons.repository import CouponRepository
from target_app.coupons.service import CouponService
from target_app.database import ALIVE, connect, sqlite_path
from target_app.events import Events
from target_app.ledger.check import LedgerCheck
from target_app.ledger.endpoints import router as balance_router
from target_app.ledger.repository import LedgerRepository
from target_app.ledger.service import LedgerService
from target_app.metrics import CONTENT_TYPE, Metrics
from target_app.moderation.endpoints import router as reports_router
from target_app.moderation.repository import ReportRepository
from target_app.moderation.service import ReportService
from target_app.orders.endpoints import router as orders_router
from target_app.orders.repository import OrderRepository
from target_app.orders.service import OrderService
from target_app.outbound.fetcher import Fetcher
from target_app.pages.app import PagesRoute
from target_app.pages.parts import Pages
from target_app.pages.repository import PageSessionRepository
from target_app.pages.service import SignInService
from target_app.parts import Parts, Uploads
from target_app.payments.checkout import Checkout
from target_app.payments.endpoints import router as payments_router
from target_app.payments.provider_client import HttpProvider, ProviderClient
from target_app.payments.service import ProviderEvents
from target_app.previews.endpoints import router as previews_router
from target_app.previews.service import PreviewService
from target_app.provider_secrets import ProviderSecrets
from target_app.realtime.endpoints import router as realtime_router
from target_app.realtime.endpoints import stream_route
from target_app.realtime.hub import Hub, NoRelay
from target_app.realtime.parts import Realtime
from target_app.realtime.recheck import Recheck
from target_app.realtime.relay import RedisRelay
from target_app.realtime.repository import RealtimeRepository
from target_app.realtime.service import RealtimeService
from target_app.realtime.tickets import PURGE_S, DatabaseTickets, RedisTickets
from target_app.redis_client import connect_redis
from target_app.settings import Settings, read_settings
from target_app.signing_keys import SigningKeys
from target_app.threads import Room, Threads
from target_app.transfer.endpoints import router as transfer_router
from target_app.transfer.repository import TransferRepository
from target_app.transfer.service import TransferService
from target_app.treatment import Treatment, parse_treatment
from target_app.tuning.input_validation import INPUT_VALIDATION
from target_app.tuning.query_shape import QUERY_SHAPE
from target_app.tuning.response_cache import RESPONSE_CACHE
from target_app.tuning.serializer import SERIALIZER
from target_app.tuning.token_cache import TOKEN_CACHE
from target_app.users.authenticator import Authenticator
from target_app.users.endpoints import router as users_router
from target_app.users.passwords import Passwords
from target_app.users.repository import UserRepository
from target_app.users.service import UserService
from target_app.users.tokens import session_tokens
from target_app.web.errors import HANDLERS, error_response
from target_app.web.failures import Failures
from target_app.web.host_check import HostCheck
from target_app.web.request_metrics import RequestMetrics
from target_app.webhooks.delivery import POLL_S as DELIVER_S
from target_app.webhooks.delivery import PURGE_S as PURGE_DELIVERIES_S
from target_app.webhooks.delivery import Delivery
from target_app.webhooks.endpoints import router as webhooks_router
from target_app.webhooks.repository import WebhookRepository
from target_app.webhooks.service import DeliveryRecorder, WebhookService

#: How often orders that wait for the payment provider are looked after, and how often the ledger is.
RECONCILE_S = 0.5
CHECK_LEDGER_S = 15.0


def create_app(settings: Settings, treatment: Treatment) -> FastAPI:
    """The server. Levels are chosen here and nowhere else."""
    metrics = Metrics()
    background = Background(metrics)
    database = connect(settings.database_url, metrics, settings.pool_size, settings.statement_timeout_ms)
    redis = connect_redis(settings.redis_url)
    kit = Kit(settings, database, metrics, SigningKeys(settings.key_file), redis)

    limits = INPUT_LIMITS.build(treatment, kit)
    authz = OBJECT_AUTHZ.build(treatment, kit)
    serializer = SERIALIZER.build(treatment, kit)(RESPONSE_FIELDS.build(treatment, kit))
    fields = serializer.fields
    assignment = MASS_ASSIGNMENT.build(treatment, kit)
    sql = SQL.build(treatment, kit)
    policy = BROWSER_POLICY.build(treatment, kit)
    failures = ERRORS_AND_DOCS.build(treatment, kit)
    loader = QUERY_SHAPE.build(treatment, kit)(fields)

    hub = open_hub(kit)
    fetcher = Fetcher(OUTBOUND_GUARD.build(treatment, kit))
    told = WebhookRepository()
    delivery = Delivery(database, told, fetcher, metrics)
    deliver = background.add("deliver_webhooks", DELIVER_S, delivery.run)
    background.add("purge_deliveries", PURGE_DELIVERIES_S, delivery.purge)
    events = Events([DeliveryRecorder(told, deliver.wake)], announcers=[hub.announce], listeners=[hub.change])
    audit = AUDIT_LOG.build(treatment, kit)
    functions = FUNCTION_AUTHZ.build(treatment, kit)
    sessions = Stored(kit, PageSessionRepository())
    people = UserRepository(fields)
    authenticator = open_authenticator(treatment, kit, people)
    users = UserService(people, *log_ins(treatment, kit), authenticator, fields, assignment, events, audit, sessions)
    articles = ArticleService(ArticleRepository(sql, loader), authz, fields, assignment, events)
    comments = CommentService(CommentRepository(fields), articles, authz, fields, events)
    ledger = LedgerService(LedgerRepository())
    coupons = CouponService(CouponRepository(), articles, authz)
    stock = STOCK_AND_COUPON.build(treatment, kit)
    orders = OrderService(OrderRepository(), CouponRepository(), ledger, stock, authz, events, metrics)
    provider = connect_provider(settings, PROVIDER_TLS.build(treatment, kit), metrics)
    checkout = Checkout(database, orders, provider, metrics)
    provider_events = ProviderEvents(orders, WEBHOOK_VERIFICATION.build(treatment, kit), metrics)
    background.add("reconcile_orders", RECONCILE_S, checkout.reconcile)
    background.add("check_ledger", CHECK_LEDGER_S, LedgerCheck(database, ledger, metrics).run)
    realtime = open_realtime(kit, background, hub, authenticator, articles, authz, policy)

    app = FastAPI(
        title="Conduit",
        version="2.0.0",
        lifespan=lifespan,
        exception_handlers=dict(HANDLERS),
        middleware=[
            Middleware(RequestMetrics, metrics=metrics),
            Middleware(Failures, answer=failures.on_failure),
            Middleware(HostCheck, names=settings.host_names),
            Middleware(policy.wrap),
            Middleware(RATE_LIMIT.build(treatment, kit).wrap),
            Middleware(WAF.build(treatment, kit).wrap),
            Middleware(RESPONSE_CACHE.build(treatment, kit).wrap),
        ],
        # Nothing here exports to OpenTelemetry; unless told so, FastAPI asks the environment at every request.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        **failures.options,
    )
    app.state.parts = Parts(
        database=database,
        redis=redis,
        metrics=metrics,
        background=background,
        authenticator=authenticator,
        functions=functions,
        input_limits=limits,
        assignment=assignment,
        validation=INPUT_VALIDATION.build(treatment, kit),
        serializer=serializer,
        audit=AuditService(audit),
        users=users,
        accounts=AccountService(AccountRepository(), functions, sessions, events, audit),
        reports=ReportService(ReportRepository(), articles, comments, functions, audit),
        pages=Pages(policy, sessions, BoundToSession(kit), SignInService(users, functions, sessions, audit)),
        articles=articles,
        comments=comments,
        ledger=ledger,
        coupons=coupons,
        orders=orders,
        checkout=checkout,
        provider=provider,
        provider_events=provider_events,
        realtime=realtime,
        fetcher=fetcher,
        previews=PreviewService(fetcher),
        webhooks=WebhookService(told, fetcher, authz, deliver.wake),
        uploads=open_uploads(treatment, kit, limits, background, people, articles),
    )
    metrics.serving(str(treatment), "sqlite" if sqlite_path(settings.database_url) else "postgresql", database.size)
    add_api(app, functions.documented)
    app.add_api_route("/health", health, include_in_schema=False)
    app.add_api_route("/metrics", exposition, include_in_schema=False)
    if authenticator.published_keys:
        app.add_api_route("/.well-known/jwks.json", published_keys, include_in_schema=False)
    app.router.routes.append(PagesRoute())
    failures.add_routes(app)
    return app


def log_ins(treatment: Treatment, kit: Kit) -> tuple[Passwords, LoginAnswer, LoginThrottle]:
    """What becomes of passwords."""
    passwords = Passwords(PASSWORD_HASH.build(treatment, kit), HASH_PLACEMENT.build(treatment, kit))
    return passwords, LOGIN_ANSWER.build(treatment, kit), LOGIN_THROTTLE.build(treatment, kit)


def open_authenticator(treatment: Treatment, kit: Kit, people: UserRepository) -> Authenticator:
    """Tokens, and who may use them."""
    cache = TOKEN_CACHE.build(treatment, kit)
    tokens = session_tokens(treatment, kit, cache)
    return Authenticator(people, tokens, REVOCATION.build(treatment, kit), Immediate(kit), cache)


def open_hub(kit: Kit) -> Hub:
    """What tells streams, of all workers where Redis joins them."""
    relay = NoRelay() if kit.redis is None else RedisRelay(kit.redis, kit.settings.database_url, kit.metrics)
    return Hub(kit.metrics, BoundedSockets(kit), relay)


def open_realtime(
    kit: Kit,
    background: Background,
    hub: Hub,
    authenticator: Authenticator,
    articles: ArticleService,
    authz: ObjectAuthz,
    policy: BrowserPolicy,
) -> Realtime:
    """Tickets, streams and the second look at who hears what."""
    repository = RealtimeRepository()
    kept = DatabaseTickets(kit.database, repository)
    tickets = kept if kit.redis is None else RedisTickets(kit.redis, kept)
    heartbeat_s = kit.settings.heartbeat_s
    background.add("purge_tickets", PURGE_S, tickets.purge)
    background.add("recheck_streams", heartbeat_s, Recheck(kit.database, repository, authenticator, authz, hub).run)
    return Realtime(RealtimeService(repository, tickets, authenticator, articles, hub), hub, policy, heartbeat_s)


def open_uploads(
    treatment: Treatment,
    kit: Kit,
    limits: InputLimits,
    background: Background,
    users: UserRepository,
    articles: ArticleService,
) -> Uploads:
    """Files of articles, avatars, and what deletes those that nobody has any more."""
    room = Room(kit.settings.upload_threads, kit.settings.upload_queue_limit)
    threads = Threads("upload", room, kit.metrics.upload_queue)
    repository, files = AvatarRepository(), PictureFiles(kit.settings.uploads)
    cleaner = Cleaner(kit.database, repository, files)
    cleaner.wake = background.add("remove_pictures", SWEEP_S, cleaner.run).wake
    background.add("sweep_pictures", SWEEP_S, cleaner.sweep)
    reading = DESERIALIZATION.build(treatment, kit)(limits)
    content, paths = UPLOAD_CONTENT.build(treatment, kit), FILE_PATH.build(treatment, kit)(files.shown)
    return Uploads(
        threads,
        TransferService(TransferRepository(), articles, reading, threads, kit.metrics),
        AvatarService(repository, users, files, content, paths, threads, kit.metrics, cleaner.released),
    )


def connect_provider(settings: Settings, tls: ProviderTls, metrics: Metrics) -> ProviderClient | None:
    """The payment provider; None where none is set up. Raises ProviderAddressError."""
    if not settings.provider_url:
        return None
    return HttpProvider(settings.provider_url, ProviderSecrets(settings.provider_file).api_key(), tls, metrics)


def add_api(app: FastAPI, documented: Callable[[dict[str, Any]], dict[str, Any]] = dict) -> None:
    """The API's routes. The OpenAPI document has their tokens' scheme, and those of its paths that are `documented`."""
    # The routes themselves, the most visited first: an included router matches each request twice.
    for router in (
        articles_router,
        comments_router,
        users_router,
        orders_router,
        coupons_router,
        balance_router,
        payments_router,
        realtime_router,
        previews_router,
        webhooks_router,
        transfer_router,
        avatars_router,
        audit_router,
        reports_router,
        accounts_router,
    ):
        app.router.routes.extend(router.routes)
    app.router.routes.append(stream_route)
    plain = app.openapi

    def with_scheme() -> dict[str, Any]:
        document = plain()
        scheme = {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token <jwt>`"}
        document["components"]["securitySchemes"] = {"Token": scheme}
        return document | {"paths": documented(document["paths"])}

    app.openapi = with_scheme  # type: ignore[method-assign]  # FastAPI's own way to extend the document


def from_environment() -> FastAPI:
    """The server that the environment describes: what each worker calls."""
    settings = read_settings()
    return create_app(settings, parse_treatment(settings.treatment))


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Prepare what takes time before the first request; close what is open after the last."""
    parts: Parts = app.state.parts
    await parts.users.prepare()
    if parts.redis is not None:
        await parts.redis.start()
    parts.realtime.hub.start()
    parts.background.start()
    yield
    await parts.background.stop()
    await parts.realtime.hub.stop()
    await parts.fetcher.close()
    if parts.provider is not None:
        await parts.provider.close()
    parts.users.close()
    parts.uploads.threads.close()
    if parts.redis is not None:
        await parts.redis.close()
    await parts.database.close()


async def health(request: Request) -> Response:
    """Whether the server can use its database: 503 where not. Without Redis it serves on, and says `degraded`."""
    parts: Parts = request.app.state.parts
    try:
        connection = await parts.database.open_reading()
        try:
            await connection.fetch_one(ALIVE)
        finally:
            await connection.rollback()
    except Exception:  # whatever is wrong, the answer is that the server is not well
        return error_response(503, {"database": ["is not available"]})
    if parts.redis is None:
        return JSONResponse({"status": "ok"})
    return JSONResponse({"status": "ok", "redis": "ok" if parts.redis.available else "degraded"})


async def exposition(request: Request) -> Response:
    """All metrics, for Prometheus."""
    parts: Parts = request.app.state.parts
    return Response(parts.metrics.exposition(), media_type=CONTENT_TYPE)


async def published_keys(request: Request) -> dict[str, Any]:
    """The public keys of this server's tokens (RFC 7517)."""
    parts: Parts = request.app.state.parts
    return {"keys": list(parts.authenticator.published_keys)}


def document() -> dict[str, Any]:
    """The OpenAPI document, for which no database is needed."""
    app = FastAPI(title="Conduit", version="2.0.0")
    add_api(app)
    return app.openapi()
