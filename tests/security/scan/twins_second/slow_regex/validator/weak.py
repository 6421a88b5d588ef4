import re

SLUG = re.compile(r"^([a-z0-9]+-?)+$")


def is_slug(text):
    return SLUG.match(text) is not None
