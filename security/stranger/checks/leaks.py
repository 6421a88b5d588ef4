"""What no stranger should read in an error: internals by their unmistakable form, in many languages."""

from __future__ import annotations

import re

READ_CHARACTERS = 200_000

LEAKS = {
    "a traceback": re.compile(
        r"Traceback \(most recent call last\)|File \"[^\"]+\", line \d+"
        r"|\bat [\w.<>$ ]+ \(?(?:file://)?/[^)\s]+:\d+:\d+\)?|^\s+at .+\(.+:\d+\)"
        r"|goroutine \d+ \[running\]|#\d+ /\S+\.php\(\d+\)",
        re.MULTILINE,
    ),
    "a path of the server": re.compile(
        r"/(?:app|usr|home|srv|opt|var|root|tmp|work|workspace|lib|code|mnt|builds?)(?:/[\w.+@-]+)+"
        r"\.(?:py|js|ts|mjs|cjs|rb|php|java|go)\b|node_modules/|site-packages|[A-Z]:\\\\\w+\\\\"
    ),
    "an SQL statement": re.compile(
        r"\bSELECT\b.{1,2000}?\bFROM\b|\bINSERT INTO \w+|\bUPDATE \w+ SET\b|\bDELETE FROM \w+|\[SQL:", re.DOTALL
    ),
    "a database error": re.compile(
        r"(?i)no such (?:table|column)|SQLITE_[A-Z]+|sqlite3?\.\w*Error|relation \S+ does not exist"
        r"|syntax error at or near|near \"[^\"]*\": syntax error|unrecognized token|unterminated quoted string|SQLSTATE"
        r"|ORA-\d{5}|You have an error in your SQL syntax|psycopg2?\.|MongoServerError|SequelizeDatabaseError"
        r"|(?:UNIQUE|FOREIGN KEY|NOT NULL) constraint failed"
    ),
    "a debugger's page": re.compile(
        r"Werkzeug Debugger|DJANGO_SETTINGS_MODULE|You're seeing this error because you have <code>DEBUG = True"
        r"|Request Method:.*Django Version|Whoops! There was an error|Whitelabel Error Page",
        re.DOTALL,
    ),
}


def leaks_in(text: str) -> list[str]:
    """Which internals stand in a text."""
    return sorted(what for what, pattern in LEAKS.items() if pattern.search(text[:READ_CHARACTERS]))
