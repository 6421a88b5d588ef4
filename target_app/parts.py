"""The assembled server: what `create_app` puts together and endpoints find at `request.app.state.parts`."""

from dataclasses import dataclass

from target_app.accounts.service import AccountService
from target_app.articles.service import ArticleService
from target_app.audit.service import AuditService
from target_app.avatars.service import AvatarService
from target_app.background import Background
from target_app.comments.service import CommentService
from target_app.controls.function_authz import FunctionAuthz
from target_app.controls.input_limits import InputLimits
from target_app.controls.mass_assignment import MassAssignment
from target_app.coupons.service import CouponService
from target_app.database import Database
from target_app.ledger.service import LedgerService
from target_app.metrics import Metrics
from target_app.moderation.service import ReportService
from target_app.orders.service import OrderService
from target_app.outbound.fetcher import Fetcher
from target_app.pages.parts import Pages
from target_app.payments.checkout import Checkout
from target_app.payments.provider_client import ProviderClient
from target_app.payments.service import ProviderEvents
from target_app.previews.service import PreviewService
from target_app.realtime.parts import Realtime
from target_app.redis_client import RedisClient
from target_app.threads import Threads
from target_app.transfer.service import TransferService
from target_app.tuning.input_validation import InputValidation
from target_app.tuning.serializer import Serializer
from target_app.users.authenticator import Authenticator
from target_app.users.service import UserService
from target_app.webhooks.service import WebhookService


@dataclass(frozen=True)
class Uploads:
    """What reads and writes files of users, on threads of its own."""

    threads: Threads
    transfer: TransferService
    avatars: AvatarService


@dataclass(frozen=True)
class Parts:
    """One server's services and what they stand on."""

    database: Database
    redis: RedisClient | None
    metrics: Metrics
    background: Background
    authenticator: Authenticator
    functions: FunctionAuthz
    input_limits: InputLimits
    assignment: MassAssignment
    validation: InputValidation
    serializer: Serializer
    audit: AuditService
    users: UserService
    accounts: AccountService
    reports: ReportService
    pages: Pages
    articles: ArticleService
    comments: CommentService
    ledger: LedgerService
    coupons: CouponService
    orders: OrderService
    checkout: Checkout
    provider: ProviderClient | None
    provider_events: ProviderEvents
    realtime: Realtime
    fetcher: Fetcher
    previews: PreviewService
    webhooks: WebhookService
    uploads: Uploads
