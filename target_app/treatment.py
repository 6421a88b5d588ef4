"""A treatment: one level for every factor, written `PROFILE[,factor=level…]`."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from target_app.controls.audit_log import AUDIT_LOG
from target_app.controls.browser_policy import BROWSER_POLICY
from target_app.controls.deserialization import DESERIALIZATION
from target_app.controls.errors_and_docs import ERRORS_AND_DOCS
from target_app.controls.file_path import FILE_PATH
from target_app.controls.function_authz import FUNCTION_AUTHZ
from target_app.controls.hash_placement import HASH_PLACEMENT
from target_app.controls.input_limits import INPUT_LIMITS
from target_app.controls.login_answer import LOGIN_ANSWER
from target_app.controls.login_throttle import LOGIN_THROTTLE
from target_app.controls.mass_assignment import MASS_ASSIGNMENT
from target_app.controls.model import Factor
from target_app.controls.object_authz import OBJECT_AUTHZ
from target_app.controls.outbound_guard import OUTBOUND_GUARD
from target_app.controls.password_hash import PASSWORD_HASH
from target_app.controls.provider_tls import PROVIDER_TLS
from target_app.controls.rate_limit import RATE_LIMIT
from target_app.controls.response_fields import RESPONSE_FIELDS
from target_app.controls.revocation import REVOCATION
from target_app.controls.signing_key import SIGNING_KEY
from target_app.controls.sql import SQL
from target_app.controls.stock_and_coupon import STOCK_AND_COUPON
from target_app.controls.token_claims import TOKEN_CLAIMS
from target_app.controls.token_signature import TOKEN_SIGNATURE
from target_app.controls.transport import TRANSPORT
from target_app.controls.upload_content import UPLOAD_CONTENT
from target_app.controls.waf import WAF
from target_app.controls.webhook_verification import WEBHOOK_VERIFICATION
from target_app.operator_error import OperatorError
from target_app.tuning.input_validation import INPUT_VALIDATION
from target_app.tuning.query_shape import QUERY_SHAPE
from target_app.tuning.response_cache import RESPONSE_CACHE
from target_app.tuning.serializer import SERIALIZER
from target_app.tuning.token_cache import TOKEN_CACHE

FACTORS: tuple[Factor[Any], ...] = (
    PASSWORD_HASH,
    HASH_PLACEMENT,
    LOGIN_THROTTLE,
    LOGIN_ANSWER,
    TOKEN_SIGNATURE,
    TOKEN_CLAIMS,
    SIGNING_KEY,
    REVOCATION,
    OBJECT_AUTHZ,
    FUNCTION_AUTHZ,
    RESPONSE_FIELDS,
    MASS_ASSIGNMENT,
    SQL,
    OUTBOUND_GUARD,
    WEBHOOK_VERIFICATION,
    PROVIDER_TLS,
    INPUT_LIMITS,
    RATE_LIMIT,
    FILE_PATH,
    DESERIALIZATION,
    BROWSER_POLICY,
    ERRORS_AND_DOCS,
    TRANSPORT,
    WAF,
    AUDIT_LOG,
    STOCK_AND_COUPON,
    UPLOAD_CONTENT,
    RESPONSE_CACHE,
    TOKEN_CACHE,
    SERIALIZER,
    INPUT_VALIDATION,
    QUERY_SHAPE,
)
BY_NAME = {factor.name: factor for factor in FACTORS}


def changed(base: Mapping[str, str], *settings: str) -> dict[str, str]:
    """A profile, as what it changes in another one."""
    return {**base, **dict(setting.split("=") for setting in settings)}


#: A control's first level is its weakest, an optimisation's first is off.
WEAKEST = {factor.name: factor.levels[0].name for factor in FACTORS}
#: What a typical FastAPI tutorial ships.
TUTORIAL = changed(
    WEAKEST,
    "password_hash=bcrypt_12",
    "token_signature=hs256",
    "token_claims=exp_only",
    "object_authz=on",
    "function_authz=roles",
    "response_fields=declared",
    "mass_assignment=declared_only",
    "sql=bound",
    "provider_tls=verified",
    "deserialization=safe",
    "errors_and_docs=stack_trace",
)
HARDENED = changed(
    TUTORIAL,
    "password_hash=argon2id_19mib",
    "hash_placement=thread_pool",
    "login_throttle=shared",
    "login_answer=uniform",
    "token_claims=exp_aud_iss_nbf",
    "signing_key=random_256",
    "revocation=shared",
    "outbound_guard=resolved_and_pinned",
    "webhook_verification=signature_time_replay",
    "input_limits=on",
    "rate_limit=shared",
    "file_path=contained",
    "browser_policy=strict",
    "errors_and_docs=generic",
    "audit_log=chained",
    "stock_and_coupon=atomic",
    "upload_content=sniffed_and_reencoded",
)
PROFILES: Mapping[str, Mapping[str, str]] = {"none": WEAKEST, "tutorial": TUTORIAL, "hardened": HARDENED}

DANGEROUS = frozenset({"weak", "trap"})


class TreatmentError(OperatorError):
    """A treatment that does not exist."""


class Treatment(dict[str, str]):
    """A level's name for every factor; its text shows the profile and what differs from it."""

    def __init__(self, profile: str, changes: Mapping[str, str]) -> None:
        super().__init__({**PROFILES[profile], **changes})
        self._profile = profile

    def __str__(self) -> str:
        base = PROFILES[self._profile]
        differing = [f"{name}={level}" for name, level in self.items() if base[name] != level]
        return ",".join([self._profile, *differing])

    @property
    def dangerous(self) -> list[str]:
        """The factors that stand at a weak level or a trap, as `factor=level`."""
        return [f"{name}={level}" for name, level in self.items() if BY_NAME[name].level(level).tag in DANGEROUS]


def parse_treatment(text: str) -> Treatment:
    """The treatment that `text` names. Raises TreatmentError, with what was probably meant."""
    profile, *settings = [part.strip() for part in text.split(",")]
    known(profile, PROFILES, "profile")
    changes: dict[str, str] = {}
    for setting in settings:
        name, separator, level = (part.strip() for part in setting.partition("="))
        if not separator:
            raise TreatmentError(f"{setting!r} in the treatment is not of the form factor=level")
        known(name, BY_NAME, "factor")
        known(level, [candidate.name for candidate in BY_NAME[name].levels], f"level of {name}")
        if changes.setdefault(name, level) != level:
            raise TreatmentError(f"the treatment sets {name} twice")
    return Treatment(profile, changes)


def known(name: str, names: Mapping[str, Any] | list[str], what: str) -> None:
    """Raises TreatmentError where `name` is none of `names`."""
    if name in names:
        return
    close = get_close_matches(name, list(names), n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}"
    raise TreatmentError(f"there is no {what} {name!r}; {hint}")


def description() -> dict[str, Any]:
    """What `describe` prints: every factor, level and profile."""
    return {
        "schema": 1,
        "name": "conduit",
        "factors": [factor.described() for factor in FACTORS],
        "profiles": {name: dict(levels) for name, levels in PROFILES.items()},
    }
