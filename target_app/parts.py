"""The assembled server: what `create_app` puts together and endpoints find at `request.app.state.parts`."""

from dataclasses import dataclass

from target_app.articles.service import ArticleService
from target_app.background import Background
from target_app.comments.service import CommentService
from target_app.controls.password_hash import Passwords
from target_app.controls.token_signature import TokenSignature
from target_app.database import Database
from target_app.metrics import Metrics
from target_app.redis_client import RedisClient
from target_app.users.service import UserService


@dataclass(frozen=True)
class Parts:
    """One server's services and what they stand on."""

    database: Database
    redis: RedisClient | None
    metrics: Metrics
    background: Background
    passwords: Passwords
    tokens: TokenSignature
    users: UserService
    articles: ArticleService
    comments: CommentService
