import jsonschema
import pytest

from target_app.controls.model import Level
from target_app.treatment import FACTORS, description

NAMES = {"type": "array", "items": {"type": "string"}}
LEVEL = {
    "type": "object",
    "additionalProperties": False,
    "required": [
        "name",
        "tag",
        "summary",
        "trips",
        "requires",
        "contract_exceptions",
        "static_findings",
        "bytes_differ",
    ],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z0-9_]+$"},
        "tag": {"enum": ["weak", "strong", "depth", "trap", "plain"]},
        "summary": {"type": "string", "minLength": 1},
        "trips": NAMES,
        "requires": {"type": "object", "required": ["workers"], "properties": {"workers": {"type": "integer"}}},
        "contract_exceptions": NAMES,
        "static_findings": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["rule", "path"],
                "additionalProperties": False,
                "properties": {name: {"type": "string"} for name in ("rule", "path", "symbol")},
            },
        },
        "bytes_differ": {"type": "boolean"},
    },
}
SCHEMA = {
    "type": "object",
    "required": ["schema", "name", "factors", "profiles"],
    "properties": {
        "schema": {"const": 1},
        "name": {"const": "conduit"},
        "factors": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name", "kind", "threat", "ids", "cost_hypothesis", "journeys", "levels"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"enum": ["control", "optimisation"]},
                    "threat": {"type": "string", "minLength": 1},
                    "ids": {"type": "object", "required": ["owasp", "asvs", "cwe"]},
                    "cost_hypothesis": {"type": "string", "minLength": 1},
                    "journeys": {
                        "type": "array",
                        "minItems": 1,
                        "items": {
                            "enum": [
                                *("anonymous_reader", "signed_in_reader", "author", "log_in"),
                                *("buyer", "integrator", "moderator", "auditor"),
                                *("moderator", "auditor", "integrator", "watcher"),
                            ]
                        },
                    },
                    "levels": {"type": "array", "minItems": 2, "items": LEVEL},
                },
            },
        },
        "profiles": {"type": "object", "required": ["none", "tutorial", "hardened"]},
    },
}
PROBES = {
    "fast_password_hash": "password_hash",
    "log_ins_block_others": "hash_placement",
    "password_guessing": "login_throttle",
    "password_spraying": "login_throttle",
    "owner_lockout": "login_throttle",
    "throttle_multiplied": "login_throttle",
    "accounts_named": "login_answer",
    "accounts_timed": "login_answer",
    "token_unsigned": "token_signature",
    "token_tampered": "token_signature",
    "token_algorithm_swap": "token_signature",
    "token_expired": "token_claims",
    "token_early": "token_claims",
    "token_for_others": "token_claims",
    "signing_key_guessed": "signing_key",
    "token_after_log_out": "revocation",
    "token_after_password_change": "revocation",
    "foreign_draft_read": "object_authz",
    "foreign_article_changed": "object_authz",
    "foreign_article_deleted": "object_authz",
    "staff_read": "function_authz",
    "staff_act": "function_authz",
    "self_promotion": "function_authz",
    "secret_fields": "response_fields",
    "role_assigned": "mass_assignment",
    "balance_assigned": "mass_assignment",
    "author_assigned": "mass_assignment",
    "sql_boolean": "sql",
    "sql_error": "sql",
    "sql_union": "sql",
    "outbound_internal": "outbound_guard",
    "outbound_notation": "outbound_guard",
    "outbound_redirect": "outbound_guard",
    "outbound_rebinding": "outbound_guard",
    "provider_self_signed": "provider_tls",
    "provider_hangs": "provider_tls",
    "webhook_tampered": "webhook_verification",
    "webhook_stale": "webhook_verification",
    "webhook_replayed": "webhook_verification",
    "large_body": "input_limits",
    "large_page": "input_limits",
    "deep_document": "input_limits",
    "slow_pattern": "input_limits",
    "registration_burst": "rate_limit",
    "forwarded_burst": "rate_limit",
    "budget_multiplied": "rate_limit",
    "file_outside": "file_path",
    "imported_code": "deserialization",
    "foreign_origin_reads": "browser_policy",
    "foreign_socket": "browser_policy",
    "page_framed": "browser_policy",
    "error_leak": "errors_and_docs",
    "docs_exposed": "errors_and_docs",
    "weak_handshake": "transport",
    "act_unrecorded": "audit_log",
    "audit_line_forged": "audit_log",
    "audit_edited": "audit_log",
    "coupon_overspent": "stock_and_coupon",
    "order_doubled": "stock_and_coupon",
    "avatar_script": "upload_content",
    "avatar_no_picture": "upload_content",
    "avatar_bomb": "upload_content",
    "cached_draft": "response_cache",
    "cached_token": "token_cache",
    "type_confused": "input_validation",
    "rules_skipped": "input_validation",
    "statements_grow": "query_shape",
}
#: Controls that rest on what an optimisation leaves out.
UNDERMINES = {"serializer": "response_fields", "input_validation": "mass_assignment"}
CASES = [
    pytest.param(factor.name, level, id=f"{factor.name}={level.name}") for factor in FACTORS for level in factor.levels
]


def test_description_has_the_documented_form() -> None:
    """`describe` prints what docs/architecture.md says, key by key."""
    jsonschema.validate(description(), SCHEMA)


@pytest.mark.parametrize(("factor", "level"), CASES)
def test_dangerous_levels_trip_probes_of_their_own_factor(factor: str, level: Level[object]) -> None:
    """A weak level or a trap declares the probes that show it, all of its own factor or, where an optimisation takes
    the ground from under a control, of that control; other levels declare none.
    """
    own = {factor, UNDERMINES.get(factor, factor)} if level.tag in {"weak", "trap"} else set()
    shown = {PROBES[probe] for probe in level.trips}
    assert shown <= own
    assert bool(shown) == bool(own)


def test_levels_stand_in_order() -> None:
    """Controls list weak levels before strong ones, perhaps behind a plain one, or levels of depth alone; optimisations
    begin with off and end with the trap.
    """
    for factor in FACTORS:
        tags = [level.tag for level in factor.levels]
        if factor.kind == "control":
            assert set(tags) == {"depth"} or tags == sorted(tags, key=["plain", "weak", "strong"].index)
        else:
            assert tags[0] == "plain"
            assert tags[-1] == "trap"
