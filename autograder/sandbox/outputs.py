"""The outputs of a notebook's cells: made from what a guest sends, in the form of nbformat 4, and within limits.

The rules are nbclient's: neighbouring pieces of a stream are one output (nbclient leaves them apart), ``clear_output`` empties the cell's
outputs, and the outputs with one display id change together. A guest may send anything, so form, size and number are checked here.
"""

from __future__ import annotations

import math
import re
from types import NoneType
from typing import Any

from autograder.limits import Limits, in_units

MOST_OUTPUTS = 20_000
"""How many pieces of output a notebook may have, each piece of a stream counted."""
SHORT = 2000
"""Length of a text that is kept of an output beyond the limits."""
VALUE_BYTES = 24
"""What a value, or a line of a text, takes in a notebook's file besides its characters: a line of its own, and a place in memory."""
LONG = 256
"""Length of a text above which it is sent as bytes."""
MOST_INTEGER = 2**64
STREAMS = ("stdout", "stderr")
KINDS = ("stream", "display_data", "execute_result", "update_display_data", "error", "clear_output")
MALFORMED = "a malformed output"
_JSON_TYPE = re.compile(r"^application/(.*\+)?json$")


class OutputError(Exception):
    """What a guest sent isn't an output."""


class Allowance:
    """How much output a notebook may have: `output_bytes` of printed text, and `answer_bytes` of everything else.

    Once one is used up, each cell keeps the first output of each kind, shortened: by nbgrader's rules a mark can depend on whether a test
    cell has an error, a text on stderr or a result.

    Parameters
    ----------
    limits : Limits
    """

    def __init__(self, limits: Limits) -> None:
        self._left = {True: limits.output_bytes, False: limits.answer_bytes}
        self._pieces = MOST_OUTPUTS
        self._shortened: set[str] = set()

    def start_cell(self) -> None:
        """Allow the next cell one shortened output of each kind."""
        self._shortened.clear()

    def takes(self, kind: str, size: int) -> bool:
        """Tell whether an output of `size` bytes is kept as it is; `kind` is its type, or the name of a stream."""
        printed = kind in STREAMS
        left = self._left[printed] - size
        self._pieces -= 1
        self._left[printed] = left if left >= 0 and self._pieces >= 0 else -1
        return self._left[printed] >= 0

    def takes_short(self, kind: str) -> bool:
        """Tell whether an output that isn't kept as it is, is kept in its short form."""
        new = kind not in self._shortened
        self._shortened.add(kind)
        return new


def kind_of(kind: str, content: dict[str, Any]) -> str:
    """Return the kind by which an output is counted: its type, or the name of its stream."""
    return content["name"] if kind == "stream" else kind


def size_in_notebook(kind: str, content: dict[str, Any], sent: int) -> int:
    """Return how many bytes an output counts that takes `sent` bytes in a message: a short value takes more in the notebook's file."""
    if kind == "stream":
        return sent
    values, waiting = 0, [content]
    while waiting:
        value: Any = waiting.pop()
        waiting += value.values() if type(value) is dict else value if type(value) is list else ()
        values += 1 + (value.count("\n") if type(value) is str else 0)
    return sent + VALUE_BYTES * values


def shortened(kind: str, content: dict[str, Any]) -> dict[str, Any] | None:
    """Return a short form of an output, or None where there is none."""
    if kind == "stream":
        return content | {"text": content["text"][:SHORT]}
    if kind == "error":
        lines = content["traceback"] if sum(map(len, content["traceback"])) <= SHORT else []
        return {"ename": content["ename"][:SHORT], "evalue": content["evalue"][:SHORT], "traceback": lines}
    if kind == "execute_result":
        text = content["data"].get("text/plain", "")
        return content | {"data": {"text/plain": (text if type(text) is str else "".join(text))[:SHORT]}, "metadata": {}}
    return None


class NotebookOutputs:
    """Collects the outputs of a notebook's cells.

    Parameters
    ----------
    cells : int
        How many there are.
    limits : Limits

    Attributes
    ----------
    cells : list of list of dict
        The outputs of each cell, in the form of nbformat 4.
    """

    def __init__(self, cells: int, limits: Limits) -> None:
        self.cells: list[list[dict[str, Any]]] = [[] for _ in range(cells)]
        self._limits, self._allowance = limits, Allowance(limits)
        self._current: list[dict[str, Any]] = []
        self._number = 0  # the cell's execution count
        self._clear_before_next = self._is_cut = False
        self._shown: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {}  # data and metadata by display id, which outputs share
        self._copies: dict[str, int] = {}

    def start(self, index: int, number: int) -> None:
        """Collect the outputs of a cell from now on; `number` is its execution count."""
        self._current, self._number = self.cells[index], number
        self._clear_before_next = self._is_cut = False
        self._allowance.start_cell()

    def receive(self, kind: Any, content: Any, size: int) -> None:
        """Add what a guest has sent: a type of message of Jupyter's protocol, and its content as `packed`, in a message of `size` bytes.

        Raises
        ------
        OutputError
            If it is malformed.
        """
        if kind == "cut":
            return self._say_cut()
        if kind not in KINDS or type(content) is not dict:
            raise OutputError(MALFORMED)
        content = _form(kind, unpacked(content))
        if kind == "clear_output":
            return self._clear(wait=content["wait"])
        counted, display_id = kind_of(kind, content), content.pop("display_id", None)
        size = size_in_notebook(kind, content, size)
        if not self._allowance.takes(counted, size * max(1, self._copies.get(display_id, 0))):
            short = shortened(kind, content)
            if short is not None and self._allowance.takes_short(counted):
                self._add(kind, short, None)
            return self._say_cut()
        return self._add(kind, content, display_id)

    def add_error(self, name: str, message: str, traceback: list[str] | None = None) -> None:
        """Add an error that the host has noticed to the cell's outputs."""
        lines = [f"\x1b[0;31m{name}\x1b[0m: {message}"] if traceback is None else traceback
        self._current.append({"output_type": "error", "ename": name, "evalue": message, "traceback": lines})

    def has_error(self, name: str) -> bool:
        """Tell whether the cell's outputs have an error of that name."""
        return any(output["output_type"] == "error" and output["ename"] == name for output in self._current)

    def _add(self, kind: str, content: dict[str, Any], display_id: str | None) -> None:
        if display_id in self._shown:
            for shared, new in zip(self._shown[display_id], (content["data"], content["metadata"]), strict=True):
                shared.clear()
                shared.update(new)
            content["data"], content["metadata"] = self._shown[display_id]
        if kind == "update_display_data":
            return
        if self._clear_before_next:
            self._clear(wait=False)
        if display_id:
            self._shown[display_id] = content["data"], content["metadata"]
            self._copies[display_id] = self._copies.get(display_id, 0) + 1
        if kind == "stream":
            self._print(**content)
        else:
            self._current.append({"output_type": kind} | content | ({"execution_count": self._number} if kind == "execute_result" else {}))

    def _print(self, name: str, text: str) -> None:
        last = self._current[-1] if self._current else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self._current.append({"output_type": "stream", "name": name, "text": text})

    def _clear(self, wait: bool) -> None:
        self._clear_before_next = wait
        if not wait:
            self._current.clear()
            if self._is_cut:
                self._is_cut = False
                self._say_cut()

    def _say_cut(self) -> None:
        """Say once in a cell that outputs are missing; on stdout, which no mark depends on."""
        if not self._is_cut:
            self._is_cut = True
            printed, others = in_units(self._limits.output_bytes), in_units(self._limits.answer_bytes)
            limits = f"{printed} of text (the limit output_bytes), {others} of other outputs (answer_bytes), {MOST_OUTPUTS} pieces"
            self._print("stdout", f"\n(outputs are cut here: a notebook may have {limits})\n")


def packed(value: Any) -> Any:
    """Return JSON data with each long text as bytes: messages bound the size of everything else more strictly (see `wire.Bounds`)."""
    if type(value) is dict:
        return {key: packed(item) for key, item in value.items()}
    if type(value) is list:
        return [packed(item) for item in value]
    return value.encode("utf-8", "replace") if type(value) is str and len(value) > LONG else value


def unpacked(value: Any) -> Any:
    """Return what `packed` was given, or raise `OutputError` if the value isn't JSON data."""
    kind = type(value)
    if kind is dict:
        if not all(type(key) is str for key in value):
            raise OutputError(MALFORMED)
        return {key: unpacked(item) for key, item in value.items()}
    if kind is list:
        return [unpacked(item) for item in value]
    if kind is bytes:
        return value.decode("utf-8", "replace")
    if kind in (str, bool, NoneType) or (kind is float and math.isfinite(value)) or (kind is int and abs(value) < MOST_INTEGER):
        return value
    raise OutputError(MALFORMED)


def _form(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return the content of a message in the form that nbformat keeps, with a display id if it has one."""
    if kind == "stream":
        name, text = content.get("name"), content.get("text")
        if name not in STREAMS or type(text) is not str:
            raise OutputError(MALFORMED)
        return {"name": name, "text": text}
    if kind == "error":
        lines = content.get("traceback")
        texts = [content.get("ename"), content.get("evalue"), *(lines if type(lines) is list else [None])]
        if not all(type(text) is str for text in texts):
            raise OutputError(MALFORMED)
        return {"ename": texts[0], "evalue": texts[1], "traceback": lines}
    if kind == "clear_output":
        return {"wait": bool(content.get("wait"))}
    data, metadata, transient = (content.get(key) or {} for key in ("data", "metadata", "transient"))
    if not all(type(part) is dict for part in (data, metadata, transient)):
        raise OutputError(MALFORMED)
    display_id = transient.get("display_id")
    good = {name: item for name, item in data.items() if _JSON_TYPE.match(name) or _is_text(item)}
    return {"data": good, "metadata": metadata} | ({"display_id": display_id} if display_id and type(display_id) is str else {})


def _is_text(value: Any) -> bool:
    return type(value) is str or (type(value) is list and all(type(line) is str for line in value))
