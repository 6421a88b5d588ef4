"""What calls do to data: which make it harmless and where, which only change its form."""

from __future__ import annotations

from security.scan.rules.values import ANY

SQL, FILE, SHELL, URL = "sql_injection", "path_traversal", "command_injection", "server_side_request_forgery"
PAGE, LOG, REDIRECT, CODE = "cross_site_scripting", "log_injection", "open_redirect", "code_injection"
TEMPLATE, PICKLE, QUERY = "template_injection", "deserialization", "query_injection"

#: By the call's last name: the classes for which its result is harmless.
SANITISERS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("int", "float", "bool", "len", "ord", "hash", "abs", "round", "sum", "UUID", "Decimal", "hexdigest", "digest",
         "isoformat", "toordinal", "timestamp", "fromisoformat", "strptime", "range", "id", "isinstance", "b64encode",
         "urlsafe_b64encode", "hex", "token_hex", "uuid4", "ObjectId", "count", "index", "find", "bindparam"),
        frozenset({ANY}),
    ),
    "secure_filename": frozenset({FILE, LOG, SHELL, PAGE}),
    "get_valid_filename": frozenset({FILE, LOG, SHELL}),
    "safe_join": frozenset({FILE}),
    "basename": frozenset({FILE}),
    "quote": frozenset({SHELL, LOG, REDIRECT}),
    "join_shlex": frozenset({SHELL}),
    "quote_plus": frozenset({LOG, REDIRECT, URL, FILE, PAGE}),
    "urlencode": frozenset({LOG, REDIRECT, URL, FILE}),
    **dict.fromkeys(("clean", "conditional_escape", "format_html", "Cleaner", "sanitize", "strip_tags"), frozenset({PAGE})),
    "escape": frozenset({PAGE, "slow_regex"}),
    "escape_filter_chars": frozenset({QUERY}),
    **dict.fromkeys(("repr", "dumps", "ascii", "quoteattr"), frozenset({LOG})),
    **dict.fromkeys(("Identifier", "quote_ident", "quote_identifier", "quote_name", "quoted_name", "Literal", "mogrify"), frozenset({SQL})),
    "literal_eval": frozenset({CODE}),
    "safe_load": frozenset({PICKLE}),
    "validate_python": frozenset({PICKLE}),
    "url_for": frozenset({REDIRECT, URL}),
    "reverse": frozenset({REDIRECT, URL}),
}  # fmt: skip

#: Functions, by last name, whose result is their arguments in another form.
CARRIERS = frozenset(
    {"str", "bytes", "bytearray", "join", "Path", "PurePath", "PurePosixPath", "PosixPath", "loads", "load", "unquote",
     "unquote_plus", "b64decode", "urlsafe_b64decode", "urlparse", "urlsplit", "urljoin", "urlunsplit", "urlunparse",
     "normpath", "abspath", "realpath", "expanduser", "expandvars", "joinpath", "StringIO", "BytesIO", "dict", "list",
     "tuple", "set", "frozenset", "sorted", "reversed", "zip", "enumerate", "map", "filter", "iter", "next", "cast",
     "URL", "deepcopy", "copy", "fspath", "memoryview", "SimpleNamespace", "chain", "sub", "unhexlify", "decompress",
     "format_map", "Template", "commonpath", "commonprefix", "gethostbyname", "getaddrinfo", "gethostbyname_ex", "ip_address", "ip_network", "fsdecode", "fsencode", "partial", "wait_for", "shield", "max", "min", "split", "parse_qs",
     "parse_qsl", "fromhex", "NamedTemporaryFile", "TypeAdapter", "getattr", "unescape", "dedent", "Request"}
)  # fmt: skip
#: Methods of text that keep what it is.
TEXT_METHODS = frozenset(
    {"strip", "lstrip", "rstrip", "lower", "upper", "title", "casefold", "encode", "decode", "replace", "format", "join",
     "removeprefix", "removesuffix", "capitalize", "ljust", "rjust", "zfill", "translate", "expandtabs", "center",
     "format_map", "swapcase"}
)  # fmt: skip
#: Pieces of a URL or a path.
PARTS = {
    **dict.fromkeys(("hostname", "host", "netloc", "authority", "raw_host"), "host"),
    **dict.fromkeys(("scheme", "port", "suffix", "suffixes", "stem", "fragment", "content_type", "mimetype"), "piece"),
}
RESOLVERS = frozenset({"resolve", "realpath", "abspath", "absolute", "normpath", "commonpath"})
#: Constructors of HTTP clients.
HTTP_CLIENTS = frozenset(
    {"httpx.Client", "httpx.AsyncClient", "aiohttp.ClientSession", "requests.Session", "requests.session",
     "urllib3.PoolManager", "aiohttp.client.ClientSession", "niquests.Session", "niquests.AsyncSession"}
)  # fmt: skip
