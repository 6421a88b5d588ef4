"""Fields of a JSON body, checked one by one."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Check = Callable[[Any], Any]

COMMON: Final = {
    "1234567890",
    "0123456789",
    "password123",
    "password1234",
    "passwordpassword",
    "qwertyuiop",
    "1q2w3e4r5t",
}


class InvalidFieldError(ValueError):
    """A field is missing, unknown or not what it must be; the message names it."""


def text(low: int, high: int, pattern: str = r"[^\x00]*") -> Check:
    """A string of `low` to `high` characters that matches the whole pattern and can be written as UTF-8."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any) -> str:
        if not isinstance(value, str) or not low <= len(value) <= high or not compiled.fullmatch(value):
            raise ValueError(f"must be a text of {low} to {high} characters")
        value.encode()  # a lone surrogate raises, which is a ValueError too
        return value

    return check


def new_password(value: Any) -> str:
    """A password of 10 to 128 characters that does not head every word list."""
    chosen: str = text(10, 128)(value)
    if chosen.lower() in COMMON:
        raise ValueError("is one of the most common passwords")
    return chosen


def whole(low: int, high: int) -> Check:
    """A whole number from `low` to `high`."""

    def check(value: Any) -> int:
        if type(value) is not int or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return check


def flag(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise TypeError("must be true or false")
    return value


def read(body: Any, required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> dict[str, Any]:
    """The named fields of an object; others are left out. Raises `InvalidFieldError`."""
    if not isinstance(body, dict):
        raise InvalidFieldError("the body must be a JSON object")
    missing = required.keys() - body.keys()
    if missing:
        raise InvalidFieldError(f"{min(missing)} is missing")
    checks = {**required, **(optional or {})}
    return {name: _checked(name, check, body[name]) for name, check in checks.items() if name in body}


def _checked(name: str, check: Check, value: Any) -> Any:
    try:
        return check(value)
    except (TypeError, ValueError) as error:
        raise InvalidFieldError(f"{name}: {error}") from error
