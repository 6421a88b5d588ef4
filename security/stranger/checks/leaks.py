"""What no stranger should read in an error: internals by their unmistakable form, in many languages."""

from __future__ import annotations

import re

LEAKS = {
    "a traceback": re.compile(r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+|\bat [\w.<>$ ]+ \(?(?:file://)?/[^)\s]+:\d+:\d+\)?|^\s+at .+\(.+:\d+\)|goroutine \d+ \[running\]|#\d+ /\S+\.php\(\d+\)", re.MULTILINE),
    "a path of the server": re.compile(r"(?:/[\w.+@-]+){2,}\.(?:py|js|ts|mjs|rb|php|java|go)\b(?![\w/-])|node_modules/|site-packages|[A-Z]:\\\\\w+\\\\"),
    "an SQL statement": re.compile(r"\bSELECT\b.{1,2000}?\bFROM\b|\bINSERT INTO \w+|\bUPDATE \w+ SET\b|\bDELETE FROM \w+|\[SQL:", re.DOTALL),
    "a database error": re.compile(r"(?i)no such (?:table|column)|SQLITE_[A-Z]+|sqlite3?\.\w*Error|relation \S+ does not exist|syntax error at or near|near \"[^\"]*\": syntax error|unrecognized token|unterminated quoted string|SQLSTATE|ORA-\d{5}|You have an error in your SQL syntax|psycopg2?\.|MongoServerError|SequelizeDatabaseError|UNIQUE constraint failed|FOREIGN KEY constraint failed|NOT NULL constraint failed"),
    "a debugger's page": re.compile(r"Werkzeug Debugger|DJANGO_SETTINGS_MODULE|You're seeing this error because you have <code>DEBUG = True|Request Method:.*Django Version|Whoops! There was an error|Whitelabel Error Page", re.DOTALL),
}  # fmt: skip


def leaks_in(text: str) -> list[str]:
    """Which internals stand in a text."""
    return sorted(what for what, pattern in LEAKS.items() if pattern.search(text[:200_000]))
