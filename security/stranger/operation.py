"""One operation of a document, and what its path and words say it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

PLACE = re.compile(r"\{([^{}/]+)\}")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# What an operation is for, by the words of its path; the body must fit too where `needs_password` says so.
LOG_IN = re.compile(r"\b(log ?in|sign ?in|signin|token|tokens|session|sessions|auth|authenticate|jwt)\b")
REGISTER = re.compile(r"\b(register|registration|sign ?up|signup|join|users?|accounts?|members?|customers?|enrol+)\b")
LOG_OUT = re.compile(r"\b(log ?out|sign ?out|signout|revoke)\b")
RESET = re.compile(r"\b(forgot|reset|recover|recovery|forgotten)\b")
ADMIN = re.compile(
    r"\b(admin|admins|administration|administrator|administrators|internal|management|manage|staff|moderation|moderator"
    r"|moderators|backoffice|superuser|root|ops|operator|operators|privileged|maintenance|impersonate)\b"
)
PRIVATE_LIST = re.compile(
    r"\b(my|mine|own|your|me|current user|caller|signed[- ]in user|authenticated user|logged[- ]in user)\b"
)
NOTICE = re.compile(r"\b(webhooks?|callbacks?|hooks?|ipn|notify|notifications?|notices?)\b")
SIGNED = re.compile(r"\b(signature|hmac)\b")
HEALTH = re.compile(r"\b(health|healthz|ping|status|version|ready|readyz|live|livez|openapi|docs|metrics|csrf)\b")


@dataclass(frozen=True)
class Parameter:
    """A parameter in path, query, header or cookie."""

    name: str
    place: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True)
class Body:
    """A request body: its media type and flat schema."""

    media_type: str
    schema: Mapping[str, Any]


@dataclass(frozen=True)
class Operation:
    """One method of one path. `security` is None where the document says nothing about it."""

    method: str
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    answer: Mapping[str, Any] | None = None
    security: tuple[Mapping[str, Any], ...] | None = None
    inherits_security: bool = False
    words: str = ""
    extensions: str = ""
    retired: bool = False
    """Whether the document knows of refusals alone: what was here is gone."""

    @property
    def name(self) -> str:
        """Method and path template."""
        return f"{self.method} {self.path}"

    @property
    def base(self) -> str:
        """The path without a slash at its end."""
        return self.path.rstrip("/")

    @property
    def parent(self) -> str:
        """The path without its last part: of an item, the collection."""
        return self.base.rsplit("/", 1)[0]

    def is_item_of(self, collection: Operation) -> bool:
        """Whether the path is one object of the other's, or lies below one."""
        return self.path.startswith(f"{collection.base}/{{")

    @cached_property
    def places(self) -> list[str]:
        """The names of the path's parameters, in order."""
        return PLACE.findall(self.path)

    @cached_property
    def path_words(self) -> str:
        """The literal parts of the path as separate lower-case words."""
        return words_of(PLACE.sub("", self.path))

    @cached_property
    def last(self) -> str:
        """The last part of the path as words, or nothing where it is a parameter."""
        part = self.path.rstrip("/").rsplit("/", 1)[-1]
        return "" if part.startswith("{") else words_of(part)

    @property
    def is_item(self) -> bool:
        """Whether the path ends in a parameter: one object."""
        return self.path.rstrip("/").endswith("}")

    @property
    def declares_security(self) -> bool:
        """Whether the document says that a credential is needed."""
        return bool(self.security) and {} not in (self.security or ())

    @property
    def looks_administrative(self) -> bool:
        """Whether path, words or extensions say that plain users have no business here."""
        scopes = " ".join(
            str(scope) for one in self.security or () for scopes in one.values() for scope in scopes or ()
        )
        spoken = words_of(self.words)
        return bool(
            ADMIN.search(self.path_words)
            or re.search(
                r"\b(admins?|administrators?|staff|moderators?|superusers?)('s)?[ -](only|role|access)", spoken
            )
            or re.search(r"\b(only|require[sd]?|needs?) (an? |the )?(admin|administrator|staff|moderator)", spoken)
            or re.search(r"^admin|\bfor (the )?(admins?|administrators|staff|moderators|operators|managers)\b", spoken)
            or ADMIN.search(words_of(f"{scopes} {self.extensions}"))
        )

    @property
    def hears_notices(self) -> bool:
        """Whether a third party tells something here: its path says so, or it asks for a signature and no account."""
        signed = any(one.place == "header" and SIGNED.search(words_of(one.name)) for one in self.parameters)
        told = self.method == "POST" and not self.places and self.body is not None and not self.declares_security
        return told and (signed or NOTICE.search(self.path_words) is not None)

    def query(self, name: str) -> Parameter | None:
        """The query parameter of this name."""
        return next((one for one in self.parameters if one.place == "query" and one.name == name), None)


def words_of(text: str) -> str:
    """Text in lower-case words: camelCase, snake_case and punctuation become spaces."""
    return " ".join(re.split(r"[^a-z0-9']+", CAMEL.sub(" ", text).lower())).strip()


def singular(word: str) -> str:
    """An English noun in the singular, well enough to match `categories` with `category_id`."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if word.endswith(ending) and not word.endswith("ss"):
            return word[: -len(ending)] + instead
    return word
