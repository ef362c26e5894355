"""A notebook as the text of its file, byte for byte as nbformat writes it, in a fraction of the time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

REMEMBERED_LENGTH = 8192
CONSTANTS = {None: "null", True: "true", False: "false"}


class _Lines(str):
    """A text that a notebook's file keeps as a list of lines."""


def as_file(notebook: Mapping[str, Any]) -> str:
    """Return a notebook as nbformat writes it, texts split into lines; nbformat itself takes many times as long, for it also validates."""
    return indented({**notebook, "cells": [_split(cell) for cell in notebook["cells"]]}) + "\n"


def _split(cell: Mapping[str, Any]) -> dict[str, Any]:
    split = {**cell, "source": _Lines(cell["source"])}
    if "outputs" in cell:
        split["outputs"] = [_split_output(output) for output in cell["outputs"]]
    return split


def _split_output(output: Mapping[str, Any]) -> dict[str, Any]:
    if "data" in output:
        return {**output, "data": {kind: _Lines(text) for kind, text in output["data"].items()}}
    return {**output, "text": _Lines(output["text"])}


def indented(value: Any, margin: str = "\n") -> str:
    """Return what ``json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True)`` does, which Python has no fast code for."""
    if type(value) is _Lines:
        return _remembered(value, margin) if len(value) <= REMEMBERED_LENGTH else _in_lines(value, margin)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        inner = f"{margin} "
        rows = [f"{encode_basestring(key)}: {indented(value[key], inner)}" for key in sorted(value)]
        return _around("{}", rows, margin) if rows else "{}"
    if isinstance(value, (list, tuple)):
        inner = f"{margin} "
        return _around("[]", [indented(each, inner) for each in value], margin) if value else "[]"
    return CONSTANTS[value] if value is None or isinstance(value, bool) else json.dumps(value)


def _in_lines(text: str, margin: str) -> str:
    lines = text.splitlines(True)
    return _around("[]", map(encode_basestring, lines), margin) if lines else "[]"


# Most texts of a notebook are the lecture's, and the same for everybody.
_remembered = lru_cache(maxsize=512)(_in_lines)


def _around(brackets: str, parts: Iterable[str], margin: str) -> str:
    return f"{brackets[0]}{margin} {f',{margin} '.join(parts)}{margin}{brackets[1]}"
