"""The clinic's database."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from flask import Flask, current_app, g

Row = dict[str, Any]

SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE owners (id INTEGER PRIMARY KEY, username TEXT NOT NULL UNIQUE, password TEXT NOT NULL, email TEXT NOT NULL,
    phone TEXT NOT NULL DEFAULT '', role TEXT NOT NULL DEFAULT 'owner', credit INTEGER NOT NULL DEFAULT 0);
CREATE TABLE sessions (jti TEXT PRIMARY KEY, owner_id INTEGER NOT NULL);
CREATE TABLE pets (id INTEGER PRIMARY KEY, owner_id INTEGER NOT NULL, name TEXT NOT NULL, species TEXT NOT NULL,
    notes TEXT NOT NULL DEFAULT '');
CREATE TABLE visits (id INTEGER PRIMARY KEY, pet_id INTEGER NOT NULL, day TEXT NOT NULL, reason TEXT NOT NULL,
    price INTEGER NOT NULL DEFAULT 4500, paid INTEGER NOT NULL DEFAULT 0);
CREATE TABLE records (id INTEGER PRIMARY KEY, pet_id INTEGER NOT NULL, source_url TEXT NOT NULL, summary TEXT NOT NULL);
CREATE TABLE vets (id INTEGER PRIMARY KEY, name TEXT NOT NULL, specialty TEXT NOT NULL, city TEXT NOT NULL);
CREATE TABLE reviews (id INTEGER PRIMARY KEY, vet_id INTEGER NOT NULL, author_id INTEGER NOT NULL,
    stars INTEGER NOT NULL, text TEXT NOT NULL);
CREATE TABLE redemptions (owner_id INTEGER NOT NULL, code TEXT NOT NULL, UNIQUE (owner_id, code));
"""
SPECIALTIES: Final = ("dogs", "cats", "birds", "reptiles")
VETS: Final = [(f"Dr {n:03d}", SPECIALTIES[n % 4], ("Ghent", "Bruges")[n % 2]) for n in range(240)]


def fill(path: Path, staff_password_hash: str) -> None:
    """Makes the tables, the vets and one member of staff."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(SCHEMA)
        connection.executemany("INSERT INTO vets (name, specialty, city) VALUES (?, ?, ?)", VETS)
        connection.execute(
            "INSERT INTO owners (username, password, email, role) VALUES ('reception', ?, 'desk@clinic.test', 'staff')",
            [staff_password_hash],
        )


def keep(app: Flask, path: Path) -> None:
    """Gives each request of the app a connection of its own."""
    app.config["DATABASE"] = str(path)
    app.teardown_appcontext(lambda _error: _close())


def rows(sql: str, *values: object) -> list[Row]:
    """All rows of a query."""
    return [dict(row) for row in _connection().execute(sql, values)]


def row(sql: str, *values: object) -> Row | None:
    """The first row of a query."""
    return next(iter(rows(sql, *values)), None)


def write(sql: str, *values: object) -> int:
    """Runs a statement and commits; the id of the row that it inserted."""
    with _connection() as connection:
        return connection.execute(sql, values).lastrowid or 0


def write_all(*statements: tuple[str, tuple[object, ...]]) -> None:
    """Runs statements together: all of them or none."""
    with _connection() as connection:
        for sql, values in statements:
            connection.execute(sql, values)


def _connection() -> sqlite3.Connection:
    if "connection" not in g:
        g.connection = sqlite3.connect(current_app.config["DATABASE"])
        g.connection.row_factory = sqlite3.Row
    connection: sqlite3.Connection = g.connection
    return connection


def _close() -> None:
    if "connection" in g:
        g.connection.close()
