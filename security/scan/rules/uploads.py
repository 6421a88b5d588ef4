"""The rule on files whose type is what the sender says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from security.scan.rules.entries import seeds
from security.scan.rules.rule import Family, Hit, Rule, hit
from security.scan.rules.source import (
    Function,
    Module,
    own_nodes,
    terminal,
    words_in,
)

UPLOAD = Rule(
    "R314", "A file's type is what its sender says", "unchecked_upload", "434", "medium", "medium",
    "Look at its content, and encode it anew.",
)  # fmt: skip
SNIFFS = re.compile(
    r"image\.open|\bopen\b.*\bimage\b|magic|imghdr|filetype|sniff|puremagic|verify|startswith|signature|\bpil\b|from_buffer|guess_mime|what\b|mimetypes_from_content|\bsignatures?\b|re_?encode|thumbnail|kind\b"
)


# Uploads


def look(module: Module) -> Iterator[Hit]:
    """Every route."""
    for function in seeds(module):
        yield from _uploaded(module, function)


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
    if (
        SNIFFS.search(body)
        or re.search(r"image\.open|magic|startswith|sniff|signature|verify", _calls(module, function))
        or re.search(r"magic|sniff|signature|\bpil\b", helpers)
    ):
        return
    kept = [
        one
        for one in own_nodes(function)
        if isinstance(one, ast.Call)
        and terminal(one.func)
        in {
            "write",
            "save",
            "write_bytes",
            "copyfileobj",
            "put_object",
            "upload_fileobj",
            "put",
            "upload",
            "store",
            "execute",
            "add",
            "create",
            "writer",
            "save_upload",
            "upload_blob",
        }
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


FAMILY = Family((UPLOAD,), look)
