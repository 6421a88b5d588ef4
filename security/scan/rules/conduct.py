"""Rules on what handlers do: races, addresses, uploads, messages from outside, log-in answers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import Function, Module, is_true, keyword, names_in, own_nodes, terminal, words_in

RACE = Rule(
    "R311", "What was checked is changed in a second step", "race", "362", "medium", "medium",
    "Check and change in one statement (UPDATE … WHERE stock > 0), or lock the row.",
)  # fmt: skip
ADDRESS = Rule(
    "R312", "The client's address is taken from a header that it writes", "spoofed_address", "348", "medium", "medium",
    "Take it from the connection; believe the header only where the connection comes from a known proxy.",
)  # fmt: skip
UPLOAD = Rule(
    "R314", "A file's type is what its sender says", "unchecked_upload", "434", "medium", "medium",
    "Look at its content, and encode it anew.",
)  # fmt: skip
UNSIGNED = Rule(
    "R316", "A message from outside is acted on without a signature", "unverified_message", "345", "high", "low",
    "Verify an HMAC over the raw body before anything else.",
)  # fmt: skip
REPLAYED = Rule(
    "R317", "A signed message may be sent again", "unverified_message", "294", "medium", "low",
    "Sign the time as well, refuse what is old, and remember what was seen.",
)  # fmt: skip
ACCOUNTS = Rule(
    "R318", "A log-in's answer tells whether the account exists", "account_disclosure", "204", "low", "medium",
    "Answer alike for an unknown account and for a wrong password.",
)  # fmt: skip

LOCKED = re.compile(r"for_update|with_for_update|select_for_update|\block\b|_lock\b|\block_|acquire|\bf\b|advisory|for update|watch|serializable|version|begin immediate|redlock|semaphore|mutex|setnx|\beval\b|register_script|returning|skip locked|on conflict")
STORED = re.compile(r"commit|save|execute|flush|\badd\b|update|\bset\b|put|session|objects|write")
FORWARDED = re.compile(r"^(http_)?(x[-_]forwarded[-_]for|x[-_]real[-_]ip|true[-_]client[-_]ip|x[-_]client[-_]ip|cf[-_]connecting[-_]ip|forwarded|x[-_]originating[-_]ip)$", re.I)
TRUSTS = re.compile(r"trusted|proxy|proxies|remote_addr|client\.host|peer|peername|hops|known_|is_private|internal_net")
SNIFFS = re.compile(r"image\.open|\bopen\b.*\bimage\b|magic|imghdr|filetype|sniff|puremagic|verify|startswith|signature|\bpil\b|from_buffer|guess_mime|what\b|mimetypes_from_content|\bsignatures?\b|re_?encode|thumbnail|kind\b")
HOOKS = re.compile(r"webhook|(^|[/_-])(hook|hooks|ipn|callback|notify|notification|stripe|paypal|github|events?)([/_-]|$)", re.I)
PROVES = re.compile(r"hmac|compare_digest|signature|construct_event|verify|signed|svix|public_key|x-hub|validate_\w*sig|webhook_secret|token|depends|secret")
TIMED = re.compile(r"time|timestamp|now\b|utcnow|nonce|replay|seen|already|processed|event_id|delivery|idempoten|tolerance|window|expires|construct_event|first_time|max_age")
UNKNOWN_ACCOUNT = re.compile(r"(no such|unknown|unregistered|invalid|does not exist|doesn't exist|not found|not registered|no) ?(user|account|e-?mail|username|login)|(user|account|e-?mail|username)( \S+)? (is |was )?(not found|unknown|does not exist|doesn't exist|not registered|unregistered|not exist|invalid)", re.I)
WRONG_PASSWORD = re.compile(r"(wrong|incorrect|invalid|bad) password|password (is |was )?(wrong|incorrect|invalid|does not match)", re.I)
LOGIN = re.compile(r"log_?in|sign_?in|authenticate|forgot|reset_?password|obtain_token|create_session", re.I)


def look(module: Module) -> Iterator[Hit]:
    """All rules of the family."""
    entries = seeds(module)
    for function in module.functions:
        yield from _raced(function)
        yield from _addressed(module, function)
        yield from _accounts(function)
        if function in entries:
            yield from _uploaded(module, function)
            yield from _message(module, function)
    for call in module.calls:
        yield from _proxied(module, call)


# Races


def _raced(function: Function) -> Iterator[Hit]:
    """A member of a loaded object is tested, and then written from its old value; or read from a store, and set."""
    words = words_in(function)
    if LOCKED.search(words) or not STORED.search(words):
        return
    tested: dict[str, int] = {}
    for one in own_nodes(function):
        if isinstance(one, ast.If | ast.While | ast.Assert | ast.IfExp):
            for part in ast.walk(one.test):
                if isinstance(part, ast.Attribute | ast.Subscript | ast.Name):
                    tested.setdefault(ast.unparse(part), one.lineno)
    for one in own_nodes(function):
        target = _written_from_itself(one)
        if target is not None and target in tested and tested[target] <= getattr(one, "lineno", 0) and not target.startswith(("self.", "cls.")):
            if "." in target or "[" in target:
                yield hit(RACE, one, target)
                return
    yield from _stale(function, tested)


def _written_from_itself(node: ast.AST) -> str | None:
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.target, ast.Attribute | ast.Subscript):
        return ast.unparse(node.target)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Attribute | ast.Subscript):
        target = ast.unparse(node.targets[0])
        if target in {ast.unparse(part) for part in ast.walk(node.value)} and isinstance(node.value, ast.BinOp):
            return target
        if is_true(node.value) and re.search(r"\.(used|redeemed|claimed|consumed)$", target):
            return target
    return None


def _stale(function: Function, tested: dict[str, int]) -> Iterator[Hit]:
    """A number that was read from a store into a name, tested, and stored again as name ± something."""
    read: dict[str, ast.Call] = {}
    for one in own_nodes(function):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name):
            for call in ast.walk(one.value):
                if isinstance(call, ast.Call) and terminal(call.func) in {"get", "fetchone", "fetchval", "scalar", "scalar_one", "fetch_one", "fetchrow", "hget", "get_balance", "scalar_one_or_none"}:
                    read[one.targets[0].id] = call
    derived = dict.fromkeys(read, True)
    for one in own_nodes(function):
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and names_in(one.value) & read.keys():
            derived[one.targets[0].id] = True
    watched = {name for name in derived if any(name == re.split(r"[.\[(]", test)[0] for test in tested)}
    for one in own_nodes(function):
        if not isinstance(one, ast.Call) or terminal(one.func) not in {"set", "execute", "hset", "values", "put", "setex", "update", "save", "update_one", "incr", "decr", "incrby", "hincrby"}:
            continue
        sums = [part for part in ast.walk(one) if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Add | ast.Sub)]
        if any(names_in(part) & watched for part in sums):
            yield hit(RACE, one)
            return
        same_key = terminal(one.func) in {"incr", "decr", "incrby"} and one.args and any(ast.unparse(one.args[0]) == ast.unparse(call.args[0]) for name, call in read.items() if call.args and name in watched)
        if same_key:
            yield hit(RACE, one)
            return


# Addresses


def _addressed(module: Module, function: Function) -> Iterator[Hit]:
    for node in own_nodes(function):
        if not (isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)):
            continue
        text = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
        if FORWARDED.match(text) and _is_read(module, node) and not _from_known_proxy(function):
            yield hit(ADDRESS, node, text)
            return


def _is_read(module: Module, node: ast.AST) -> bool:
    parent = module.parents.get(node)
    if isinstance(parent, ast.Call):
        return terminal(parent.func) in {"get", "getlist", "get_header", "header", "getone"} and parent.args[:1] == [node]
    if isinstance(parent, ast.keyword):
        return parent.arg in {"alias"}
    return isinstance(parent, ast.Subscript) and isinstance(parent.ctx, ast.Load)


def _from_known_proxy(function: Function) -> bool:
    """The connection's own address is tested, or the entries are counted from the right."""
    for one in own_nodes(function):
        if isinstance(one, ast.Compare | ast.Call | ast.If) and isinstance(one, ast.Compare) and TRUSTS.search(ast.unparse(one).lower()) and any(isinstance(op, ast.In | ast.NotIn | ast.Eq | ast.NotEq) for op in one.ops):
            return True
        if isinstance(one, ast.Call) and re.search(r"trusted|is_proxy|known_proxy|from_proxy", ast.unparse(one.func)):
            return True
        if isinstance(one, ast.Subscript) and isinstance(one.slice, ast.UnaryOp) and isinstance(one.slice.op, ast.USub):
            return True
    return False


def _proxied(module: Module, call: ast.Call) -> Iterator[Hit]:
    everyone = keyword(call, "trusted_hosts", "forwarded_allow_ips")
    named = {terminal(call.func), *(terminal(one) for one in call.args)}
    if ("ProxyHeadersMiddleware" in named or terminal(call.func) in {"run", "Config"}) and "*" in module.strings(everyone):
        yield hit(ADDRESS, call)


# Uploads


def _uploaded(module: Module, function: Function) -> Iterator[Hit]:
    text = ast.unparse(function)
    if not re.search(r"UploadFile|request\.files|request\.FILES|\.filename\b|files\[", text):
        return
    words = words_in(function)
    helpers = " ".join(
        words_in(module.plain_functions[terminal(one.func)])
        for one in own_nodes(function)
        if isinstance(one, ast.Call) and terminal(one.func) in module.plain_functions
    )
    calls = " ".join(ast.unparse(one.func).lower() for one in own_nodes(function) if isinstance(one, ast.Call))
    body = re.sub(r"content_type\.startswith|mimetype\.startswith|filename\.startswith|\bsecure_filename\b", "", calls)
    if SNIFFS.search(body) or re.search(r"image\.open|magic|startswith|sniff|signature|verify", _calls(module, function)) or re.search(r"magic|sniff|signature|\bpil\b", helpers):
        return
    kept = [
        one for one in own_nodes(function)
        if isinstance(one, ast.Call) and terminal(one.func) in {"write", "save", "write_bytes", "copyfileobj", "put_object", "upload_fileobj", "put", "upload", "store", "execute", "add", "create", "writer", "save_upload", "upload_blob"}
    ]
    if kept and re.search(r"filename|content_type|mimetype", words):
        yield hit(UPLOAD, kept[0])


def _calls(module: Module, function: Function) -> str:
    """The calls of the functions of this module that a handler calls."""
    names = {terminal(one.func) for one in own_nodes(function) if isinstance(one, ast.Call)}
    return " ".join(
        re.sub(r"content_type\.startswith|mimetype\.startswith", "", ast.unparse(one.func).lower())
        for name in names & module.plain_functions.keys()
        for one in own_nodes(module.plain_functions[name])
        if isinstance(one, ast.Call)
    )


# Messages from outside


def _message(module: Module, function: Function) -> Iterator[Hit]:
    route = " ".join(one.value for decorator in function.decorator_list for one in ast.walk(decorator) if isinstance(one, ast.Constant) and isinstance(one.value, str))
    hooked = re.search(r"webhook|/hooks?(/|$)|/ipn\b", route, re.I) or re.search(r"webhook|_hook$|_ipn$", function.name, re.I)
    if not hooked or re.search(r"test|try|retry|redeliver|preview", f"{route} {function.name}") or not _receives(function):
        return
    words = _reach(module, function)
    if not PROVES.search(words):
        yield hit(UNSIGNED, function)
    elif re.search(r"hmac|compare_digest", words) and not TIMED.search(words):
        yield hit(REPLAYED, function)


def _receives(function: Function) -> bool:
    """Whether a body is read: creating a webhook of one's own is no message from outside."""
    decorators = " ".join(ast.unparse(one) for one in function.decorator_list)
    text = ast.unparse(function)
    posts = not re.search(r"\.(get|delete)\(", decorators)
    raw = re.search(r"request\.(body|json|get_data|get_json|data|stream|read)|(payload|event|body|notification|message)\b", text)
    return posts and bool(raw) and not re.search(r"current_user|viewer|login_required", text)


def _reach(module: Module, function: Function) -> str:
    """The words of a function, its decorators, and of the functions of this module that it names."""
    words = words_in(function)
    for name in {one for one in words_names(function)} & module.plain_functions.keys():
        words += " " + words_in(module.plain_functions[name])
    return words


def words_names(function: Function) -> set[str]:
    """All names in a function, its decorators included."""
    return {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}


# Log-ins


def _accounts(function: Function) -> Iterator[Hit]:
    if not LOGIN.search(function.name):
        return
    texts = [one for one in own_nodes(function) if isinstance(one, ast.Constant) and isinstance(one.value, str)]
    unknown = [one for one in texts if UNKNOWN_ACCOUNT.search(one.value) and not WRONG_PASSWORD.search(one.value) and not re.search(r"or (wrong )?password|or password|and password", one.value, re.I)]
    if unknown:
        yield hit(ACCOUNTS, unknown[0])


FAMILY = Family((RACE, ADDRESS, UPLOAD, UNSIGNED, REPLAYED, ACCOUNTS), look)
