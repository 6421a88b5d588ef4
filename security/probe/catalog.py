"""The table of probes, in the order in which they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from security.probe import (
    audit_log,
    browser_policy,
    deserialization,
    errors_and_docs,
    file_path,
    function_authz,
    hash_placement,
    input_limits,
    input_validation,
    login_answer,
    login_throttle,
    mass_assignment,
    object_authz,
    outbound_guard,
    password_hash,
    provider_tls,
    query_shape,
    rate_limit,
    response_cache,
    response_fields,
    revocation,
    signing_key,
    sql,
    stock_and_coupon,
    token_cache,
    token_claims,
    token_signature,
    transport,
    upload_content,
    webhook_verification,
)
from security.probe.outcome import Verdict
from security.probe.scene import Scene


@dataclass(frozen=True)
class Probe:
    """One attack: `control` should stop it; `api` is its OWASP API Security Top 10 (2023) id, where there is one."""

    name: str
    control: str
    api: str | None
    title: str
    run: Callable[[Scene], Verdict]


CATALOG = (
    Probe(
        "fast_password_hash",
        "password_hash",
        "API2",
        "A stolen hash can be guessed fast",
        password_hash.fast_password_hash,
    ),
    Probe(
        "log_ins_block_others",
        "hash_placement",
        "API4",
        "Log-ins keep the server from answering anybody else",
        hash_placement.log_ins_block_others,
    ),
    Probe(
        "password_guessing",
        "login_throttle",
        "API2",
        "One account's password can be guessed",
        login_throttle.password_guessing,
    ),
    Probe(
        "password_spraying",
        "login_throttle",
        "API2",
        "One password can be tried on many accounts",
        login_throttle.password_spraying,
    ),
    Probe("owner_lockout", "login_throttle", "API2", "Guessing locks the owner out", login_throttle.owner_lockout),
    Probe(
        "throttle_multiplied",
        "login_throttle",
        "API2",
        "Each worker gives a budget of its own",
        login_throttle.throttle_multiplied,
    ),
    Probe(
        "accounts_named", "login_answer", "API2", "A failed log-in says who has an account", login_answer.accounts_named
    ),
    Probe("accounts_timed", "login_answer", "API2", "Its time tells who has an account", login_answer.accounts_timed),
    Probe("token_unsigned", "token_signature", "API2", "An unsigned token is accepted", token_signature.token_unsigned),
    Probe("token_tampered", "token_signature", "API2", "A changed token is accepted", token_signature.token_tampered),
    Probe(
        "token_algorithm_swap",
        "token_signature",
        "API2",
        "A token signed with the public key is accepted",
        token_signature.token_algorithm_swap,
    ),
    Probe("token_expired", "token_claims", "API2", "A token is accepted after its end", token_claims.token_expired),
    Probe("token_early", "token_claims", "API2", "A token is accepted before its beginning", token_claims.token_early),
    Probe("token_for_others", "token_claims", "API2", "A token for others is accepted", token_claims.token_for_others),
    Probe("signing_key_guessed", "signing_key", "API8", "The signing key is common", signing_key.signing_key_guessed),
    Probe(
        "token_after_log_out",
        "revocation",
        "API2",
        "A token is good after its owner logged out",
        revocation.token_after_log_out,
    ),
    Probe(
        "token_after_password_change",
        "revocation",
        "API2",
        "A token is good after its owner changed the password",
        revocation.token_after_password_change,
    ),
    Probe(
        "foreign_draft_read",
        "object_authz",
        "API1",
        "Another user's draft can be read",
        object_authz.foreign_draft_read,
    ),
    Probe(
        "foreign_article_changed",
        "object_authz",
        "API1",
        "Another user's article can be changed",
        object_authz.foreign_article_changed,
    ),
    Probe(
        "foreign_article_deleted",
        "object_authz",
        "API1",
        "Another user's article can be deleted",
        object_authz.foreign_article_deleted,
    ),
    Probe("staff_read", "function_authz", "API5", "A reader reads what is for staff", function_authz.staff_read),
    Probe("staff_act", "function_authz", "API5", "A reader does what is for staff", function_authz.staff_act),
    Probe("self_promotion", "function_authz", "API5", "A reader takes a role", function_authz.self_promotion),
    Probe(
        "secret_fields", "response_fields", "API3", "Secrets of a user stand in answers", response_fields.secret_fields
    ),
    Probe("role_assigned", "mass_assignment", "API3", "A role sent along is taken", mass_assignment.role_assigned),
    Probe(
        "balance_assigned",
        "mass_assignment",
        "API3",
        "A balance sent along is taken",
        mass_assignment.balance_assigned,
    ),
    Probe(
        "author_assigned",
        "mass_assignment",
        "API3",
        "An article is written in another user's name",
        mass_assignment.author_assigned,
    ),
    Probe("sql_boolean", "sql", None, "A condition can be put into a statement", sql.sql_boolean),
    Probe("sql_error", "sql", None, "A quote breaks a statement", sql.sql_error),
    Probe("sql_union", "sql", None, "Other rows can be fetched through a statement", sql.sql_union),
    Probe(
        "outbound_internal",
        "outbound_guard",
        "API7",
        "The target fetches pages of its own network",
        outbound_guard.outbound_internal,
    ),
    Probe(
        "outbound_notation",
        "outbound_guard",
        "API7",
        "It does by another notation of their address",
        outbound_guard.outbound_notation,
    ),
    Probe("outbound_redirect", "outbound_guard", "API7", "It is redirected there", outbound_guard.outbound_redirect),
    Probe(
        "outbound_rebinding",
        "outbound_guard",
        "API7",
        "A name leads there after it was checked",
        outbound_guard.outbound_rebinding,
    ),
    # Before those about webhooks, whose orders find no provider: after them a circuit may be open.
    Probe(
        "provider_self_signed",
        "provider_tls",
        "API10",
        "Anybody is taken for the payment provider",
        provider_tls.provider_self_signed,
    ),
    Probe(
        "provider_hangs",
        "provider_tls",
        "API10",
        "A provider that says nothing is waited for",
        provider_tls.provider_hangs,
    ),
    Probe(
        "webhook_tampered",
        "webhook_verification",
        "API10",
        "A forged event of the payment provider is believed",
        webhook_verification.webhook_tampered,
    ),
    Probe(
        "webhook_stale",
        "webhook_verification",
        "API10",
        "An event is believed a day after it was signed",
        webhook_verification.webhook_stale,
    ),
    Probe(
        "webhook_replayed",
        "webhook_verification",
        "API10",
        "An event is acted on again",
        webhook_verification.webhook_replayed,
    ),
    Probe("large_body", "input_limits", "API4", "A body of any size is taken in", input_limits.large_body),
    Probe("large_page", "input_limits", "API4", "A page of any size is given out", input_limits.large_page),
    Probe("deep_document", "input_limits", "API4", "A deep document makes it fail", input_limits.deep_document),
    Probe("slow_pattern", "input_limits", "API4", "A short text keeps a pattern busy", input_limits.slow_pattern),
    Probe(
        "registration_burst",
        "rate_limit",
        "API6",
        "Accounts can be made by the hundred",
        rate_limit.registration_burst,
    ),
    Probe(
        "forwarded_burst",
        "rate_limit",
        "API4",
        "A claimed address has a budget of its own",
        rate_limit.forwarded_burst,
    ),
    Probe(
        "budget_multiplied",
        "rate_limit",
        "API4",
        "Each worker gives a budget of its own",
        rate_limit.budget_multiplied,
    ),
    Probe("file_outside", "file_path", None, "Files outside a folder are served", file_path.file_outside),
    Probe("imported_code", "deserialization", None, "An imported file runs code", deserialization.imported_code),
    Probe(
        "foreign_origin_reads",
        "browser_policy",
        "API8",
        "Pages of other sites read what is their reader's",
        browser_policy.foreign_origin_reads,
    ),
    Probe(
        "foreign_socket",
        "browser_policy",
        "API8",
        "Pages of other sites open a WebSocket",
        browser_policy.foreign_socket,
    ),
    Probe(
        "page_framed",
        "browser_policy",
        "API8",
        "Pages of other sites frame a form",
        browser_policy.page_framed,
    ),
    Probe("error_leak", "errors_and_docs", "API8", "An error shows internals", errors_and_docs.error_leak),
    Probe(
        "docs_exposed",
        "errors_and_docs",
        "API9",
        "Documentation, debug pages or old routes answer",
        errors_and_docs.docs_exposed,
    ),
    Probe("weak_handshake", "transport", "API8", "Old TLS or none is answered", transport.weak_handshake),
    Probe("act_unrecorded", "audit_log", None, "An act stands in no audit log", audit_log.act_unrecorded),
    Probe(
        "audit_line_forged",
        "audit_log",
        None,
        "A user's name writes a line of the audit log",
        audit_log.audit_line_forged,
    ),
    Probe("audit_edited", "audit_log", None, "The audit log can be changed unseen", audit_log.audit_edited),
    Probe(
        "coupon_overspent",
        "stock_and_coupon",
        "API6",
        "A coupon is used more often than it may be",
        stock_and_coupon.coupon_overspent,
    ),
    Probe(
        "order_doubled",
        "stock_and_coupon",
        "API6",
        "One order under one key is made twice",
        stock_and_coupon.order_doubled,
    ),
    Probe("avatar_script", "upload_content", None, "A script is served as a picture", upload_content.avatar_script),
    Probe(
        "avatar_no_picture", "upload_content", None, "What is no picture is served", upload_content.avatar_no_picture
    ),
    Probe("avatar_bomb", "upload_content", None, "A picture fills the memory", upload_content.avatar_bomb),
    Probe("cached_draft", "response_cache", "API1", "A cache serves another user's draft", response_cache.cached_draft),
    Probe("cached_token", "token_cache", "API2", "A cache remembers what was given up", token_cache.cached_token),
    Probe("type_confused", "input_validation", None, "Another type is taken", input_validation.type_confused),
    Probe("rules_skipped", "input_validation", None, "Forbidden values are taken", input_validation.rules_skipped),
    Probe(
        "statements_grow",
        "query_shape",
        "API4",
        "SQL statements grow with the length of a list",
        query_shape.statements_grow,
    ),
)
