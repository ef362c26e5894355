"""Whatever a guest sends, the outputs in the host are valid by nbformat, and small."""

from __future__ import annotations

import json
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from autograder.limits import Limits
from autograder.sandbox.imports import imported_modules
from autograder.sandbox.outputs import KINDS, NotebookOutputs, OutputError, packed, unpacked

LIMITS = Limits(output_bytes=1000, answer_bytes=1 << 20)


def collected(*messages: tuple[str, Any]) -> list[dict[str, Any]]:
    outputs = NotebookOutputs(1, LIMITS)
    outputs.start(0, 1)
    for kind, content in messages:
        send(outputs, kind, content)
    return outputs.cells[0]


def send(outputs: NotebookOutputs, kind: str, content: Any) -> None:
    outputs.receive(kind, packed(content), len(json.dumps(content)))


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("stream", {}),
        ("stream", {"name": "stdin", "text": ""}),
        ("stream", {"name": "stdout", "text": 5}),
        ("stream", {"name": ["stdout"], "text": ""}),
        ("error", {"ename": "a", "evalue": "b"}),
        ("error", {"ename": "a", "evalue": "b", "traceback": [1]}),
        ("error", {"ename": None, "evalue": "b", "traceback": []}),
        ("display_data", {"data": [1]}),
        ("display_data", {"data": {"application/json": float("nan")}}),
        ("display_data", {"data": {"application/json": 10**5000}}),
        ("display_data", {"data": {"application/json": (1, 2)}}),
        ("display_data", {"data": {"application/json": 1j}}),
        ("display_data", {"data": {"application/json": np.zeros(3)}}),
        ("display_data", {"data": {"application/json": {5: 6}}}),
        ("display_data", {"data": {b"text/plain": ""}}),
        ("display_data", {"transient": 5}),
        ("execute_result", 5),
        ("comm_open", {}),
        (["stream"], {}),
        ("stream", b"{}"),
    ],
)
def test_malformed(kind: Any, content: Any) -> None:
    with pytest.raises(OutputError):
        NotebookOutputs(1, LIMITS).receive(kind, content, 1)


@pytest.mark.parametrize("value", ["é" * 1000, [1, {"a": ["x" * 300, None, 1.5, True]}], {"": {}}, "x"])
def test_packed(value: Any) -> None:
    assert unpacked(packed(value)) == value
    assert unpacked(b"\xff") == "\ufffd"


texts = some.sampled_from(["stdout", "stderr", "text/plain", "application/json", "image/svg+xml", "é", ""])
items = some.none() | some.integers(-1, 1) | texts | some.lists(texts | some.integers(0, 1), max_size=2)
data = items | some.dictionaries(texts, items | some.dictionaries(texts, items, max_size=1), max_size=2)
fields = some.sampled_from(["name", "text", "ename", "evalue", "traceback", "data", "metadata", "transient", "wait"])
contents = some.dictionaries(fields, data, max_size=4)
errors = some.fixed_dictionaries({"ename": texts, "evalue": texts, "traceback": some.lists(texts, max_size=2)})
bundles = some.dictionaries(texts, data, max_size=2)
shown = some.fixed_dictionaries({"data": bundles, "transient": some.just({"display_id": "d"}) | some.none()})


@given(some.lists(some.tuples(some.sampled_from(KINDS), contents | shown | errors), max_size=4))
def test_what_arrives_is_valid(messages: list[tuple[str, Any]]) -> None:
    outputs = NotebookOutputs(1, LIMITS)
    outputs.start(0, 1)
    for kind, content in messages:
        try:
            send(outputs, kind, content)
        except OutputError:
            continue
    for output in outputs.cells[0]:
        nbformat.validate(nbformat.from_dict(output), ref=output["output_type"], version=4)
        json.dumps(output, ensure_ascii=False).encode()


def test_copies_of_a_display_count_as_often_as_they_are_shown() -> None:
    small, large = ({"data": {"text/plain": text}, "transient": {"display_id": "d"}} for text in ("x", "x" * 90_000))
    found = collected(*[("display_data", small)] * 50, ("update_display_data", large))
    assert sum(len(str(output)) for output in found) < 10_000 and "cut here" in found[-1]["text"]
    found = collected(*[("display_data", small)] * 5, ("update_display_data", large))
    assert {len(output["data"]["text/plain"]) for output in found} == {90_000}


def test_a_shortened_result_is_still_a_result() -> None:
    found = collected(("stream", {"name": "stdout", "text": "x" * 5000}), ("execute_result", {"data": {"text/plain": "y" * (2 << 20)}}))
    assert [len(output.get("text", "")) > 2000 for output in found] == [True, False]
    assert found[1]["data"]["text/plain"] == "y" * 2000 and found[1]["execution_count"] == 1


def test_imported_modules() -> None:
    cells = [
        "import numpy as np, os.path\nfrom matplotlib import pyplot as plt",
        "%load_ext autoreload\n!pip install x\nimport pandas",
        "def f(:\nimport broken",
        "%%time\nimport inside",
        "def f():\n    from scipy.stats import norm\nfrom . import local\nfrom .there import x\nfrom math import *",
        "s = '\\d'\n%matplotlib inline",
        "\0",
    ]
    expected = {"numpy", "os.path", "matplotlib", "matplotlib.pyplot", "pandas", "scipy.stats", "scipy.stats.norm", "math"}
    assert set(imported_modules(cells)) == expected
