"""The table of places where a client's data does harm, and the rule that each breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from security.scan.rules.rule import Rule
from security.scan.rules.values import TRUSTED, Value

#: Such a start fixes where a URL leads, whatever follows it.
FIXED_HOST = re.compile(r"^(?:[a-z]+://[^/?#\0]+[/?#]|\0+[^/]*/|\0+\?|\0+&)")
FIXED_PLACE = re.compile(r"^(?:[a-z]+://[^/?#\0]+[/?#]|/[^/\\]|/$|\?|#|\0)")
LOOKS_LIKE_URL = re.compile(r"url|uri|link|href|src|hook|callback|endpoint|target|host|address|feed|image|avatar|site|domain|source|origin", re.I)


@dataclass(frozen=True)
class Sink:
    """Calls that do harm with an argument: by full dotted name, or by a method's name on anything.

    `position` -1 is the receiver, -2 any argument; `words` are the argument's names. `harmful` looks at the value
    itself. `caller`: data of whoever calls a public function counts as well, where `harmful_to_callers` says so.
    """

    rule: Rule
    names: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    position: int = 0
    words: tuple[str, ...] = ()
    harmful: Callable[[Value], bool] = lambda value: value.text
    caller: Callable[[Value], bool] = lambda _value: False


def sql_text(value: Value) -> bool:
    """Text that is executed, given whole or put together."""
    return value.text and (value.built or value.whole)


def built_sql(value: Value) -> bool:
    """Text that was put together and reads like SQL."""
    return value.text and value.built and value.like_sql


def anything(_value: Value) -> bool:
    """Any data at all."""
    return True


def text_itself(value: Value) -> bool:
    """Text as it was handed in, or put together."""
    return value.text


def free_host(value: Value) -> bool:
    """A URL whose host is not fixed by how it begins."""
    return value.text and not FIXED_HOST.match(value.prefix)


def named_url(value: Value) -> bool:
    """The same, where a name or a scheme says that it is a URL."""
    looks = "://" in value.prefix or any(LOOKS_LIKE_URL.search(source.name) for source in value.sources)
    return free_host(value) and looks


def free_place(value: Value) -> bool:
    """A redirect that may leave this host."""
    return value.text and not FIXED_PLACE.match(value.prefix)


def markup(value: Value) -> bool:
    """Text that was put into tags."""
    return value.text and "<" in value.prefix


def built(value: Value) -> bool:
    """Text that was put together with other text."""
    return value.text and value.built


def lines(value: Value) -> bool:
    """Text for a log."""
    return value.text


def operators(value: Value) -> bool:
    """Part of a JSON document, where an object may stand in a string's place."""
    bodies = any(re.search(r"json|body|data|payload|media", source.name) for source in value.sources)
    return bodies and "operators" not in value.safe and (value.whole or not value.text)


def whole_body(value: Value) -> bool:
    """An object with whatever keys the client likes."""
    return not value.text or value.whole


RULES: dict[str, Rule] = {}
SINKS: list[Sink] = []


def _rule(identifier: str, title: str, weakness: str, cwe: str, severity: str, advice: str) -> Rule:
    rule = Rule(identifier, title, weakness, cwe, severity, "high", advice)  # type: ignore[arg-type]  # grades below
    RULES[identifier] = rule
    return rule


SQL = _rule("T101", "Input becomes SQL text", "sql_injection", "89", "high",
            "Bind values as parameters; take names of columns and directions from a table of constants.")
PATH = _rule("T102", "Input chooses a path", "path_traversal", "22", "high",
             "Resolve the joined path and require that it is_relative_to the folder, or look the name up.")
COMMAND = _rule("T103", "Input becomes a command", "command_injection", "78", "high",
                "Give a list of words without a shell, and the client's words after `--`, from an allow-list.")
REQUEST = _rule("T104", "Input chooses where a request is sent", "server_side_request_forgery", "918", "high",
                "Take the host from an allow-list, or resolve it once, judge every address, and connect to that.")
TEMPLATE = _rule("T105", "Input becomes a template's source", "template_injection", "1336", "high",
                 "Keep templates in files and hand the input over as a variable.")
OBJECTS = _rule("T106", "Input is deserialised", "deserialization", "502", "high",
                "Use JSON and a schema, or a loader that makes plain data alone.")
REDIRECT = _rule("T107", "Input chooses a redirect", "open_redirect", "601", "medium",
                 "Redirect to names that are looked up, or to paths of this host alone.")
LOG = _rule("T108", "Input is written to a log with its line ends", "log_injection", "117", "low",
            "Write it with %r, as JSON, or without line ends.")
EVAL = _rule("T109", "Input is run as code", "code_injection", "95", "high",
             "Parse it (ast.literal_eval, json) or look it up in a table.")
MARKUP = _rule("T110", "Input becomes markup", "cross_site_scripting", "79", "high",
               "Escape it, or use a template with autoescape.")
QUERY = _rule("T111", "Input becomes a query's text or operators", "query_injection", "943", "high",
              "Escape it for its language, or cast it to a string before it becomes a value.")
ATTRIBUTE = _rule("T112", "Input chooses which attributes are set", "mass_assignment", "915", "high",
                  "Copy the fields that a client may set, one by one or by an allow-list.")
XML = _rule("T113", "Input is parsed by a parser that follows entities", "xml_entities", "611", "high",
            "Use defusedxml, or switch entities and networks off.")
PATTERN = _rule("T114", "Input becomes a regular expression", "slow_regex", "1333", "medium",
                "Use re.escape, or search for plain text.")
REFLECTION = _rule("T115", "Input chooses what is imported or called", "code_injection", "470", "high",
                   "Look the name up in a table of what may be called.")

SINKS += [
    Sink(SQL, methods=("execute", "executemany", "executescript", "exec_driver_sql", "read_sql", "read_sql_query", "execute_sql"),
         words=("statement", "sql", "query", "operation"), harmful=sql_text, caller=built_sql),
    Sink(SQL, names=("sqlalchemy.text", "sqlalchemy.sql.text", "sqlalchemy.literal_column", "sqlalchemy.sql.expression.text",
                     "sqlalchemy.sql.literal_column", "sqlalchemy.sql.expression.literal_column", "django.db.models.expressions.RawSQL"),
         harmful=text_itself, caller=built_sql),
    Sink(SQL, methods=("raw", "fetch", "fetchrow", "fetchval", "fetch_all", "fetch_one", "fetch_val", "query", "extra",
                       "iterate", "prepare", "RawSQL", "sql", "select", "run_sql", "query_raw", "execute_raw", "cursor_execute"),
         harmful=built_sql, caller=built_sql),
    Sink(SQL, methods=("extra",), position=-2, harmful=built_sql, caller=built_sql),
    Sink(SQL, methods=("order_by", "filter", "where", "having"), harmful=built_sql, caller=built_sql),
    Sink(PATH, names=("open", "io.open", "aiofiles.open", "os.remove", "os.unlink", "os.rename", "os.listdir", "os.makedirs",
                      "os.mkdir", "os.rmdir", "os.replace", "os.scandir", "os.open", "os.stat", "shutil.rmtree", "codecs.open",
                      "anyio.open_file", "tarfile.open", "zipfile.ZipFile", "gzip.open", "anyio.Path", "linecache.getlines"),
         words=("file", "path", "name"), harmful=text_itself),
    Sink(PATH, names=("shutil.copy", "shutil.copyfile", "shutil.move", "shutil.copy2", "shutil.copytree", "os.rename", "os.replace",
                      "os.symlink", "os.link"), position=-2, harmful=text_itself),
    Sink(PATH, names=("flask.send_file", "quart.send_file", "fastapi.responses.FileResponse", "starlette.responses.FileResponse",
                      "aiohttp.web.FileResponse", "bottle.static_file", "sanic.response.file", "fastapi.FileResponse"),
         words=("path", "path_or_file", "filename_or_fp"), harmful=text_itself),
    Sink(PATH, methods=("FileResponse", "send_file", "sendfile", "stream_file"), words=("path", "path_or_file"), harmful=text_itself),
    Sink(PATH, methods=("read_text", "read_bytes", "write_text", "write_bytes", "unlink", "iterdir", "rmdir", "touch", "mkdir", "glob",
                        "rglob", "open", "hardlink_to", "symlink_to", "rename"), position=-1, harmful=built),
    Sink(PATH, methods=("save", "extractall", "download_file", "upload_file", "extract", "get_template", "rename"),
         harmful=built),
    Sink(COMMAND, names=("os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "commands.getoutput",
                         "asyncio.create_subprocess_shell", "popen2.popen2"), words=("cmd", "command"),
         harmful=text_itself, caller=text_itself),
    Sink(COMMAND, methods=("exec_command", "sudo"), words=("command",), harmful=text_itself, caller=built),
    Sink(REQUEST, names=tuple(f"{library}.{verb}" for library in ("requests", "httpx", "niquests", "requests.api")
                              for verb in ("get", "post", "put", "patch", "delete", "head", "options", "stream")),
         words=("url",), harmful=free_host),
    Sink(REQUEST, names=tuple(f"{library}.{verb}" for library in ("requests", "httpx", "niquests", "aiohttp", "urllib3", "treq")
                              for verb in ("request", "stream")), position=-2, words=("url",), harmful=free_host),
    Sink(REQUEST, names=("urllib.request.urlopen", "urllib.request.urlretrieve", "urllib.request.Request", "urllib2.urlopen",
                         "http.client.HTTPConnection", "http.client.HTTPSConnection", "socket.create_connection",
                         "pycurl.Curl.setopt", "feedparser.parse", "asyncio.open_connection"),
         words=("url", "host", "address"), harmful=free_host),
    Sink(TEMPLATE, names=("flask.render_template_string", "quart.render_template_string", "jinja2.Template", "mako.template.Template",
                          "django.template.Template", "string.Template", "chameleon.PageTemplate"),
         words=("source", "text"), harmful=text_itself, caller=text_itself),
    Sink(TEMPLATE, methods=("from_string", "render_template_string"), words=("source",), harmful=text_itself, caller=text_itself),
    Sink(OBJECTS, names=("pickle.loads", "pickle.load", "cPickle.loads", "_pickle.loads", "dill.loads", "dill.load", "marshal.loads",
                         "marshal.load", "jsonpickle.decode", "jsonpickle.loads", "cloudpickle.loads", "cloudpickle.load", "shelve.open",
                         "pandas.read_pickle", "joblib.load", "pickle.Unpickler", "yaml.unsafe_load", "yaml.full_load",
                         "yaml.unsafe_load_all", "yaml.load", "yaml.load_all", "torch.load", "numpy.load"),
         harmful=anything, caller=anything),
    Sink(REDIRECT, names=("flask.redirect", "quart.redirect", "fastapi.responses.RedirectResponse", "werkzeug.utils.redirect",
                          "starlette.responses.RedirectResponse", "django.shortcuts.redirect", "django.http.HttpResponseRedirect",
                          "aiohttp.web.HTTPFound", "aiohttp.web.HTTPSeeOther", "bottle.redirect", "sanic.response.redirect",
                          "litestar.response.Redirect", "falcon.HTTPFound", "falcon.HTTPSeeOther", "falcon.HTTPMovedPermanently",
                          "django.http.HttpResponsePermanentRedirect", "aiohttp.web.HTTPMovedPermanently"),
         words=("url", "location", "to", "redirect_to", "path"), harmful=free_place),
    Sink(REDIRECT, methods=("RedirectResponse", "HttpResponseRedirect", "redirect", "HTTPFound"), words=("url", "location"), harmful=free_place),
    Sink(EVAL, names=("eval", "exec", "compile", "builtins.eval", "builtins.exec"), harmful=anything, caller=text_itself),
    Sink(EVAL, names=("numexpr.evaluate", "pandas.eval"), harmful=text_itself),
    Sink(REFLECTION, names=("importlib.import_module", "__import__", "django.utils.module_loading.import_string",
                            "pydoc.locate"), harmful=text_itself),
    Sink(REFLECTION, names=("getattr",), position=1, harmful=lambda value: value.text),
    Sink(MARKUP, names=("markupsafe.Markup", "flask.Markup", "jinja2.Markup", "django.utils.safestring.mark_safe",
                        "django.utils.safestring.SafeString"), harmful=text_itself, caller=built),
    Sink(MARKUP, names=("fastapi.responses.HTMLResponse", "starlette.responses.HTMLResponse", "sanic.response.html",
                        "django.http.HttpResponse", "flask.make_response", "flask.Response", "quart.Response"),
         words=("content", "response", "body"), harmful=markup),
    Sink(MARKUP, methods=("HTMLResponse",), words=("content",), harmful=text_itself),
    Sink(QUERY, methods=("search_s", "search_ext_s", "search_ext", "search_st"), position=-2, words=("filterstr", "search_filter"), harmful=built, caller=built),
    Sink(QUERY, methods=("search",), words=("search_filter", "filterstr"), position=1, harmful=built),
    Sink(QUERY, methods=("xpath", "findall", "iterfind", "XPath"), harmful=built, caller=built),
    Sink(QUERY, methods=("find", "find_one", "aggregate", "delete_many", "delete_one", "update_one", "update_many", "count_documents"),
         words=("filter", "query"), harmful=operators),
    Sink(ATTRIBUTE, names=("setattr",), position=1, harmful=anything),
    Sink(XML, names=("lxml.etree.fromstring", "lxml.etree.parse", "lxml.etree.XML", "xml.sax.parseString", "xml.sax.parse",
                     "xml.dom.minidom.parseString", "xml.dom.pulldom.parseString", "xml.etree.ElementTree.fromstring",
                     "xml.etree.ElementTree.parse", "xml.etree.ElementTree.XML"), harmful=anything),
    Sink(PATTERN, names=("re.compile", "re.match", "re.search", "re.fullmatch", "re.findall", "re.sub", "re.split", "re.finditer"),
         words=("pattern",), harmful=lambda value: value.text),
]  # fmt: skip

CLIENT_VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "request", "stream", "send", "ws_connect", "urlopen"})
CLIENT_NAMES = re.compile(r"^_?(.*_)?(http|https|client|requests|session|httpx|aiohttp|web|fetcher|outbound)$|^http")
LOG_VERBS = frozenset({"debug", "info", "warning", "warn", "error", "critical", "exception", "log", "fatal"})
LOG_NAMES = re.compile(r"log|audit|syslog", re.I)
BY_NAME: dict[str, list[Sink]] = {}
BY_METHOD: dict[str, list[Sink]] = {}
for _sink in SINKS:
    for _name in _sink.names:
        BY_NAME.setdefault(_name, []).append(_sink)
    for _name in _sink.methods:
        BY_METHOD.setdefault(_name, []).append(_sink)

__all__ = ["BY_METHOD", "BY_NAME", "CLIENT_NAMES", "CLIENT_VERBS", "LOG_NAMES", "LOG_VERBS", "RULES", "TRUSTED", "Sink"]
