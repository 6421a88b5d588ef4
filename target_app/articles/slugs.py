"""Slugs: the title's words and the article's number, so that equal titles differ and equal data give equal slugs."""

import re
import unicodedata

LONGEST_TITLE_PART = 200
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
#: Numbers are padded so that answers do not grow by a byte at a power of 36.
WIDTH = 5


def slug(title: str, article_id: int) -> str:
    """`Ünïcode & Co`, 40 -> `unicode-co-00014`."""
    ascii_title = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", ascii_title)
    stem = "-".join(words)[:LONGEST_TITLE_PART].strip("-")
    return f"{stem or 'article'}-{base36(article_id)}"


def base36(number: int) -> str:
    """A non-negative number in digits and letters, at least WIDTH of them."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = DIGITS[rest] + digits
    return digits.rjust(WIDTH, "0")
