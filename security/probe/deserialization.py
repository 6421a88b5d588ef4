"""A file that is imported and makes the server call what it names (CWE-502).

The function that is named joins two texts, and nothing else: the title that it makes stands nowhere in the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import httpx

from security.probe.identity import Identity
from security.probe.outcome import Verdict, not_applicable, stopped, succeeded
from security.probe.scene import Scene, field_of, new_marker, require

IMPORT = "/user/articles/import"
ABSENT = frozenset({404, 405})
Document = Callable[[str, str], str]


def plain_json(first: str, second: str) -> str:
    """An honest file, whose title is written out."""
    article = {"title": first + second, "description": "A probe's", "body": "A probe's", "draft": True}
    return json.dumps({"articles": [article]})


def calling_yaml(first: str, second: str) -> str:
    """A file in which a tag names the function."""
    title = f"!!python/object/apply:operator.concat ['{first}', '{second}']"
    return f"articles:\n- title: {title}\n  description: A probe's\n  body: A probe's\n  draft: true\n"


def calling_pickle(first: str, second: str) -> str:
    """A file of Python's format, version 0, which is text: `coperator concat (… tR` is the call."""
    title = f"coperator\nconcat\n(V{first}\nV{second}\ntR"
    texts = "".join(f"V{name}\nVA probe's\ns" for name in ("description", "body"))
    return f"(dVarticles\n(l(dVtitle\n{title}s{texts}Vdraft\nI01\nsas."


WAYS: Mapping[str, Document] = {
    "application/octet-stream": calling_pickle,
    "application/x-pickle": calling_pickle,
    "application/x-python-pickle": calling_pickle,
    "application/yaml": calling_yaml,
    "application/x-yaml": calling_yaml,
    "text/yaml": calling_yaml,
}


def imported_code(scene: Scene) -> Verdict:
    """Import an honest file, then files whose title has to be computed, in each format; read the title back."""
    author = scene.people.sign_in()
    honest, title = _imported(scene, author, "application/json", plain_json)
    if honest.status_code in ABSENT:
        return not_applicable("The target imports no articles.")
    require(honest.status_code == 201 and title, f"An honest file is answered {honest.status_code}.")
    statuses: dict[str, int] = {}
    for media_type, written in WAYS.items():
        answer, title = _imported(scene, author, media_type, written)
        if title:
            return succeeded(f"A file sent as {media_type} had the server call a function: its article is read back "
                             f"with the title {title}, which the file computes and does not hold.")  # fmt: skip
        require(400 <= answer.status_code < 500, f"A file sent as {media_type} is answered {answer.status_code}.")
        statuses[media_type] = answer.status_code
    seen = ", ".join(f"{media_type} {status}" for media_type, status in statuses.items())
    return stopped(f"An honest file is imported (201); none whose title must be computed is: {seen}.")


def _imported(scene: Scene, author: Identity, media_type: str, written: Document) -> tuple[httpx.Response, str]:
    """The answer, and the title with which its article is then read, "" unless it is the one that was meant."""
    first, second = new_marker(), new_marker()
    content = written(first, second)
    path, headers = scene.path(IMPORT), {"content-type": media_type}
    answer = author.client.request("POST", path, content=content, headers=headers)
    slug = field_of(answer, "articles", 0, "slug")
    if not isinstance(slug, str):
        return answer, ""
    article = scene.path(f"/articles/{slug}")
    title = field_of(author.client.get(article), "article", "title")
    author.client.request("DELETE", article)
    return answer, first + second if title == first + second else ""
