"""The table of checks, in the order in which they run: what only looks comes first, what ends sessions and guesses last.

`weight` is the share of the budget that is left; what a check does not use goes to those after it.
"""

from __future__ import annotations

from security.stranger.check import Check
from security.stranger.checks import (
    browser,
    configuration,
    credentials,
    exposure,
    flows,
    functions,
    injection,
    injection_sql,
    inventory,
    log_in,
    mass_assignment,
    notices,
    object_deleted,
    object_level,
    object_named,
    outbound,
    resources,
)

# name, title, control, OWASP API Security Top 10 (2023), CWE, OWASP ASVS 5.0, weight, the attack, least requests
CHECKS = tuple(
    Check(*row)
    for row in (
        ("object_read", "Another user's object can be read", "object_authz", "API1", ("639",), ("8.2.2",), 10, object_level.object_read, 24),
        ("auth_missing", "No credential is needed where one is declared", "authentication", "API2", ("306",), ("8.3.1",), 5, credentials.auth_missing),
        ("token_unsigned", "An unsigned token is accepted", "token_signature", "API2", ("347",), ("9.1.1", "9.1.2"), 1, credentials.token_unsigned),
        ("token_tampered", "A changed token is accepted", "token_signature", "API2", ("347",), ("9.1.1",), 1, credentials.token_tampered),
        ("token_weak_secret", "Tokens are signed with a guessable key", "signing_key", "API2", ("321", "613"), ("13.3.1", "9.2.1"), 1, credentials.token_weak_secret),
        ("token_endless", "Tokens never end", "token_claims", "API2", ("613",), ("9.2.1",), 1, credentials.token_endless),
        ("object_named", "Another user's object can be named in a body", "object_authz", "API1", ("639",), ("8.2.2",), 4, object_named.object_named),
        ("object_changed", "Another user's object can be changed", "object_authz", "API1", ("639",), ("8.2.2",), 9, object_level.object_changed),
        ("admin_operations", "A plain user may call administrative operations", "function_authz", "API5", ("285", "862"), ("8.2.1",), 6, functions.admin_operations),
        ("account_properties", "A user sets privileged properties of the own account", "mass_assignment", "API3", ("915",), ("15.3.3",), 5, mass_assignment.account_properties),
        ("object_properties", "A user sets protected properties of an object", "mass_assignment", "API3", ("915",), ("15.3.3",), 6, mass_assignment.object_properties),
        ("server_side_request", "The server asks URLs on its own network", "outbound_guard", "API7", ("918",), ("1.3.6",), 6, outbound.server_side_request),
        ("upstream_redirect", "The server follows redirects of strangers", "outbound_guard", "API10", ("601", "918"), ("1.3.6",), 1, outbound.upstream_redirect),
        ("upstream_data", "The data of strangers is not checked", "upstream_data", "API10", ("20",), ("2.2.1",), 1, outbound.upstream_data),
        ("webhook_unsigned", "A notice without a signature is believed", "webhook_verification", "API10", ("345",), ("4.1.5",), 2, notices.webhook_unsigned),
        ("sql_boolean", "A condition can be put into a statement", "sql", None, ("89",), ("1.2.4",), 12, injection_sql.sql_boolean),
        ("sql_error", "A quote breaks a statement", "sql", None, ("89",), ("1.2.4",), 4, injection_sql.sql_error),
        ("nosql_operator", "An operator can be put into a filter", "sql", None, ("943",), ("1.2.4",), 3, injection_sql.nosql_operator),
        ("path_traversal", "Files outside the folder are served", "file_path", None, ("22",), ("5.3.2",), 5, injection.path_traversal),
        ("template", "Text is run as a template", "template", None, ("1336",), ("1.3.7",), 3, injection.template),
        ("command", "Text is run as a command", "command", None, ("78",), ("1.2.5",), 3, injection.command),
        ("open_redirect", "A link leads to any host", "redirect", "API8", ("601",), ("1.2.2",), 1, injection.open_redirect),
        ("one_time", "What counts once can be done again", "stock_and_coupon", "API6", ("362", "799"), ("2.3.4", "15.4.2"), 7, flows.one_time, 20),
        ("negative_quantity", "Quantities below zero are taken", "business_limits", "API6", ("20", "840"), ("2.2.1",), 5, flows.negative_quantity, 8),
        ("page_size", "A list has no largest page", "input_limits", "API4", ("770",), ("15.2.2",), 3, resources.page_size, 3),
        ("foreign_origin", "Any origin may read with the user's credential", "browser_policy", "API8", ("942",), ("3.4.2",), 1, configuration.foreign_origin, 2),
        ("trace_method", "TRACE sends requests back", "browser_policy", "API8", ("693",), ("13.4.4",), 1, configuration.trace_method),
        ("cookie_flags", "Scripts may read the session cookie", "browser_policy", "API8", ("1004",), ("3.3.4",), 1, browser.cookie_flags),
        ("browser_headers", "Browsers are told nothing of guessing and framing", "browser_policy", "API8", ("693",), ("3.4.4",), 1, browser.browser_headers),
        ("forged_request", "Other sites can act with the user's session", "browser_policy", "API8", ("352",), ("3.5.1",), 2, browser.forged_request),
        ("error_leak", "An error shows internals", "errors_and_docs", "API8", ("209",), ("16.5.1",), 5, configuration.error_leak),
        ("debug_pages", "Debug pages or documentation answer", "errors_and_docs", "API8", ("489",), ("13.4.2",), 8, configuration.debug_pages, 8),
        ("old_versions", "An undeclared version answers", "errors_and_docs", "API9", ("1059",), ("13.4.5",), 5, inventory.old_versions, 8),
        ("retired_operations", "What is said to be gone answers", "errors_and_docs", "API9", ("1059",), ("13.4.5",), 1, inventory.retired_operations),
        ("hidden_operations", "Undeclared operations answer", "function_authz", "API5", ("285",), ("8.2.1",), 9, functions.hidden_operations, 8),
        ("log_in_bypass", "A log-in needs no password", "sql", "API2", ("89", "943"), ("1.2.4",), 3, injection_sql.log_in_bypass, 8),
        ("reset_token_shown", "A visitor is shown what resets a password", "password_reset", "API2", ("640",), ("6.4.3",), 1, log_in.reset_token_shown, 5),
        ("weak_password", "Weak passwords are taken", "password_policy", "API2", ("521",), ("6.2.1",), 2, log_in.weak_password, 4),
        ("object_deleted", "Another user's object can be deleted", "object_authz", "API1", ("639",), ("8.2.2",), 6, object_deleted.object_deleted, 8),
        ("token_after_logout", "A credential outlives its log-out", "revocation", "API2", ("613",), ("7.4.1",), 3, credentials.token_after_logout, 8),
        ("user_enumeration", "The log-in tells who has an account", "login_answer", "API2", ("204", "208"), ("6.3.8",), 6, log_in.user_enumeration, 15),
        ("login_throttle", "Passwords can be guessed without end", "login_throttle", "API2", ("307",), ("6.3.1",), 8, log_in.login_throttle, 30),
        ("big_body", "A text has no largest size", "input_limits", "API4", ("770",), ("15.2.2",), 1, resources.big_body, 4),
        ("secret_fields", "Secrets or private fields stand in answers", "response_fields", "API3", ("213", "200"), ("15.3.1",), 1, exposure.secret_fields, 8),
    )
)  # fmt: skip
