"""Whatever a guest sends, the host has cells with problems, an answer, or one of the student's errors, soon and in little memory."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Thread
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograder.limits import Limits
from autograder.sandbox import wire
from autograder.sandbox.channel import Channel
from autograder.sandbox.host import Cell, Guest
from autograder.sandbox.process import Ending, GuestProcess
from coursekit.student import Call, StudentError

SECONDS = 5.0  # of the processor
CELLS = (Cell("cell 1", "import numpy"), Cell("cell 2", "def f(x): ...", "f", "def f(x): ..."))
LIMITS = Limits(call_seconds=2, cell_seconds=2, total_seconds=4, answer_bytes=1 << 20)

# --- a guest that only reads out what was written for it ----------------------------------------------------------------------


class Script:
    """A nursery whose guests each send some bytes, and then nothing more; or one that has a link already."""

    def __init__(self, *parts: bytes, link: socket.socket | None = None) -> None:
        self._parts, self._link = list(parts), link
        self._open: list[socket.socket] = []

    def fork(self, limits: Limits, output_bytes: int) -> GuestProcess:
        reading, writing = os.pipe()
        os.write(writing, b"printed\n")
        os.close(writing)
        channel = Channel(self._link or self._told(), reading, limits.bounds, output_bytes)
        return GuestProcess(self, 1, channel, limits.bounds)  # type: ignore[arg-type]

    def _told(self) -> socket.socket:
        link, other = socket.socketpair()
        other.sendall(self._parts.pop(0) if self._parts else b"")
        other.shutdown(socket.SHUT_WR)
        self._open.append(other)  # the host can still send
        return link

    def end(self, pid: int, grace: float, keep: bool) -> Ending:
        return Ending(0)

    def close(self) -> None:
        for each in self._open:
            each.close()


@contextmanager
def guest_that_sends(*parts: bytes) -> Iterator[Guest]:
    script = Script(*parts)
    try:
        with Guest(script, CELLS, LIMITS) as guest:  # type: ignore[arg-type]
            yield guest
    finally:
        script.close()


def message(kind: str, nodes: Any, states: Any = (), data: bytes = b"") -> bytes:
    """Return a frame of nodes as they are on the wire."""
    structure = msgpack.packb([list(states), nodes], use_bin_type=True)
    return wire.HEADER.pack(wire.KINDS.index(kind), len(structure), len(data)) + structure + data


READY = message("ready", [["l"], ["l"], ["l", "f"]])
STARTED = message("running", [0]) + message("running", [1]) + READY


def check_guest(*parts: bytes) -> None:
    """Let a guest send `parts`, each from a process of its own, and call it twice, once with a function of ours."""
    started = time.process_time()
    with guest_that_sends(*parts) as guest:
        assert {problem.label for problem in guest.problems} <= {cell.label for cell in CELLS}
        assert all(type(problem.message) is str and len(problem.message) < 3000 for problem in guest.problems)
        assert all(type(name) is str for name in guest.untouched | guest.defined)
        for arguments in ((np.arange(3.0), np.random.default_rng(0)), (lambda x: x.real, {"a": [1]})):
            try:
                assert type(guest.student.f.call(*arguments)) is Call
            except StudentError as error:
                assert len(str(error)) < 6000
    assert time.process_time() - started < SECONDS


# --- what a guest may send ----------------------------------------------------------------------------------------------------

texts = st.sampled_from(
    ["", "f", "l", "raised", "missing", "not_attempted", "unreadable", "float64", "C", "PCG64", "\0", "x" * 5000, "é\x1b[2J"]
)
numbers = st.one_of(st.integers(-2, 3), st.integers(-(2**63), 2**64 - 1))
leaves = st.one_of(st.none(), st.booleans(), numbers, st.floats(), texts, st.binary(max_size=9))
plain = st.one_of(st.none(), numbers, st.lists(numbers, max_size=3).map(lambda items: ["t", *items]))
tags = st.sampled_from(list("ltdasibcrhfTDn?"))
dtypes = st.sampled_from(["<f8", ">i2", "|b1", "|O", "<f8,<f8", "<M8[s]", "<U3", "<c16"])
shapes = st.lists(st.one_of(st.integers(-1, 3), st.sampled_from([2**31, 2**62, 10**9, True])), max_size=34)
special = st.one_of(
    st.builds(lambda *parts: ["a", *parts], dtypes, shapes, st.sampled_from(["C", "F", "strided", "Q"])),
    st.builds(lambda *parts: ["s", *parts], dtypes, st.binary(max_size=16)),
    st.builds(lambda *parts: ["h", *parts], numbers, texts),
    st.builds(lambda number: ["f", number], st.integers(0, 3)),
    st.builds(lambda number: ["r", number], st.integers(-1, 3)),
    st.builds(lambda name: ["T", name], texts),
    st.builds(lambda name: ["D", name], dtypes),
    st.builds(lambda text: ["i", text], st.sampled_from(["0x1", "-0x" + "f" * 5000, "zz", "1_0"])),
    st.builds(lambda real, imag: ["c", real, imag], leaves, leaves),
    st.builds(lambda length: ["b", length], numbers),
)
nodes = st.recursive(
    st.one_of(leaves, special), lambda inner: st.builds(lambda tag, items: [tag, *items], tags, st.lists(inner, max_size=4)), max_leaves=6
)
pairs = st.builds(lambda *pair: ["t", *pair], st.integers(-1, 2), texts)


def lists(items: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.builds(lambda items: ["l", *items], st.lists(items, max_size=3))


errors = st.builds(
    lambda kind, place, bases: [kind, "f", "ValueError", "why", place, *bases],
    texts,
    st.one_of(nodes, st.just(["t", "cell 2", 1, "x", "f"])),
    st.lists(st.one_of(nodes, st.just(["t", "ValueError", "Exception"])), max_size=1),
)
states = st.lists(st.one_of(nodes, st.just(["d", "bit_generator", "PCG64"])), max_size=3)
datas = st.binary(max_size=32)


def seldom(rare: st.SearchStrategy[Any], usual: Any) -> st.SearchStrategy[Any]:
    return st.integers(0, 7).flatmap(lambda number: rare if number == 7 else st.just(usual))


def sent(kind: str, fields: st.SearchStrategy[Any]) -> st.SearchStrategy[bytes]:
    return st.builds(message, st.just(kind), fields, seldom(states, []), seldom(datas, b""))


frames = st.one_of(
    st.just(STARTED),
    st.just(READY),
    sent("ready", st.tuples(lists(pairs), lists(texts), lists(texts))),
    sent("ready", st.tuples(lists(pairs | plain), lists(texts), lists(texts | plain))),
    sent("ready", st.lists(nodes, max_size=4)),
    sent("running", st.lists(nodes, max_size=2)),
    sent("result", st.tuples(nodes, nodes)),
    sent("result", st.tuples(nodes, lists(nodes))),
    sent("error", errors),
    sent("error", st.lists(nodes, max_size=7)),
    sent("callback", st.tuples(st.integers(0, 2), st.builds(lambda item: ["t", item], nodes), st.just(["d"]))),
    sent("callback", st.lists(nodes, max_size=4)),
    st.builds(message, st.sampled_from([kind for kind in wire.KINDS if kind != "refused"]), nodes),
    st.binary(max_size=12),
    st.builds(struct.Struct("!BII").pack, st.integers(0, 255), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)),
)
damages = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3)


def damaged(data: bytes, damage: Sequence[tuple[int, int]]) -> bytes:
    """Return `data` with other bytes in some places, and without the end from the first 0 on."""
    for place, byte in damage:
        if place < len(data):
            data = data[:place] + bytes([byte]) + data[place + 1 :] if byte else data[:place]
    refused = data[:1] == bytes([wire.KINDS.index("refused")])  # our own code says so, before there is any of the student's
    return b"" if refused else data


one_process = st.builds(lambda parts, damage: damaged(b"".join(parts), damage), st.lists(frames, max_size=4), seldom(damages, []))
conversations = st.lists(one_process, min_size=1, max_size=3)
answers = st.lists(frames, max_size=4).map(lambda parts: STARTED + b"".join(parts))

fuzz = settings.get_profile("fuzz")


@settings(fuzz, max_examples=max(fuzz.max_examples // 3, 1))
@given(conversations)
def test_anything_that_a_guest_says(parts: list[bytes]) -> None:
    check_guest(*parts)


@settings(fuzz, max_examples=max(fuzz.max_examples // 3, 1))
@given(answers, st.lists(frames, max_size=1))
def test_any_answer_to_a_call(first: bytes, second: list[bytes]) -> None:
    check_guest(first, STARTED + b"".join(second))


@settings(fuzz, max_examples=max(fuzz.max_examples // 3, 1))
@given(nodes | st.lists(nodes, max_size=3), states, datas, damages)
def test_any_frame(values: Any, generators: list[Any], data: bytes, damage: list[tuple[int, int]]) -> None:
    """A frame gives a list of values, or a `WireError` that can be shown."""
    frame = message("result", values, generators, data)[wire.HEADER.size :]
    structure = damaged(frame[: len(frame) - len(data)], damage)
    codec = wire.Codec(_refused, _refused, LIMITS.bounds)
    try:
        assert type(codec.decode(wire.Frame("result", structure, data))) is list
    except wire.WireError as error:
        assert 0 < len(str(error)) < 1000


def _refused(value: Any) -> Any:
    raise wire.WireError("not data")


# --- the worst that we can think of -------------------------------------------------------------------------------------------

WORST = {
    "700,000 handles": message("result", [["l", *[["h", 1, ""]] * 700_000], None]),
    "10,000 handles": message("result", [["l", *[["h", 1, ""]] * 9_999], None]),
    "an axis of 10**9": message("result", [["a", "<f8", [10**9, 0], "C"], None]),
    "a strided axis of 10**9": message("result", [["a", "<f8", [10**9, 0], "strided"], None]),
    "32 dimensions": message("result", [["a", "<f8", [1] * 32, "strided"], None], data=b"x" * 8),
    "40 dimensions": message("result", [["a", "<f8", [1] * 40, "C"], None], data=b"x" * 8),
    "a million empty lists": message("result", [["l", *[["l"]] * 900_000], None]),
    "a million empty arrays": message("result", [["l", *[["a", "?", [0], "C"]] * 300_000], None]),
    "thousands of generators": message("result", [1, None], states=[["d", "bit_generator", "PCG64"]] * 9_000),
    "keys that collide": message("result", [["d", *[part for n in range(300_000) for part in (["i", hex(n * (2**61 - 1))], None)]], None]),
    "deep": wire.HEADER.pack(wire.KINDS.index("result"), 1_000_000, 0) + b"\x91" * 1_000_000,
    "a long number": message("result", [["i", "0x" + "f" * 3_000_000], None]),
    "names without end": message("ready", [["l"], ["l"], ["l", *["f"] * 900_000]]),
}
MEGABYTES, WORST_SECONDS = 400, 30  # of the processor


def check_worst(part: bytes) -> None:
    """Let a guest with the usual limits send more than a socket holds at once, from a thread."""
    link, other = socket.socketpair()
    Thread(target=_send_all, args=(other, STARTED + part), daemon=True).start()
    limits = Limits(call_seconds=200, cell_seconds=200, total_seconds=400)
    with Guest(Script(link=link), CELLS, limits) as guest, suppress(StudentError):  # type: ignore[arg-type]
        guest.student.f(np.arange(3.0))


def _send_all(other: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        other.sendall(data)
        other.shutdown(socket.SHUT_WR)


def _peak_megabytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) >> 10


def _measure(part: bytes, link: Connection) -> None:
    before, started = _peak_megabytes(), time.process_time()
    check_worst(part)
    link.send((_peak_megabytes() - before, time.process_time() - started))


@pytest.mark.parametrize("worst", WORST)
def test_the_worst_takes_little_memory_and_time(worst: str) -> None:
    context = get_context("fork")  # the child begins with this process's memory, and its peak counts from there
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_measure, args=(WORST[worst], theirs))
    process.start()
    process.join(20 * WORST_SECONDS)
    assert process.exitcode == 0
    megabytes, seconds = ours.recv()
    assert megabytes < MEGABYTES and seconds < WORST_SECONDS
