"""What goes over the wire arrives as it was, and nothing that is malformed arrives at all."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.sandbox import wire
from coursekit.student import layout, with_layout

quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
dtypes = st.one_of(hnp.boolean_dtypes(), *(kind(endianness="?") for kind in (hnp.integer_dtypes, hnp.floating_dtypes)))
arrays = hnp.arrays(dtypes, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
keys = st.recursive(
    st.none() | st.booleans() | st.integers() | text | st.floats(allow_nan=False), lambda key: st.tuples(key, key), max_leaves=3
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | text | st.binary(max_size=20) | arrays
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner) | st.dictionaries(keys, inner, max_size=3), max_leaves=12
)


def frame_of(message: bytes, bounds: wire.Bounds | None = None) -> wire.Frame:
    kind, structure, data = wire.frame_lengths(message[: wire.HEADER.size], bounds or wire.Bounds())
    body = message[wire.HEADER.size :]
    assert len(body) == structure + data
    return wire.Frame(kind, body[:structure], body[structure:])


def codec(bounds: wire.Bounds | None = None) -> wire.Codec:
    def refuse(value: Any) -> Any:
        raise wire.WireError(f"refused {value!r}")

    return wire.Codec(refuse, refuse, bounds)


def sent(*values: Any) -> list[Any]:
    return codec().decode(frame_of(codec().encode("call", *values)))


def read(nodes: Any, data: bytes = b"", states: Any = None, bounds: wire.Bounds | None = None) -> Any:
    structure = msgpack.packb([[] if states is None else states, nodes], use_bin_type=True)
    return codec(bounds).decode(wire.Frame("result", structure, data))


def same(a: Any, b: Any) -> bool:
    if type(a) is not type(b):
        return False
    if type(a) in (list, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if type(a) is dict:
        return same(list(a.items()), list(b.items()))
    if type(a) is np.ndarray:
        return (a.dtype, a.shape, layout(a)) == (b.dtype, b.shape, layout(b)) and np.array_equal(a, b, equal_nan=True)
    if type(a) is complex:
        return same([a.real, a.imag], [b.real, b.imag])
    return a == b or (a != a and b != b)


@quick
@given(values)
def test_values_arrive_as_they_were(value: Any) -> None:
    assert same(sent(value)[0], native(value))


def native(value: Any) -> Any:
    """Return `value` with arrays in the machine's byte order, the only thing that the wire changes."""
    if type(value) is np.ndarray:
        return with_layout(value.astype(value.dtype.newbyteorder("=")), layout(value))
    if type(value) in (list, tuple):
        return type(value)(map(native, value))
    return {key: native(part) for key, part in value.items()} if type(value) is dict else value


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1, -(2**300), 2**63, -0.0, math.inf, "", b"", (), [], {}, {(1, ("a", None)): [()]}])
def test_awkward_values(value: Any) -> None:
    assert same(sent(value)[0], value)


@pytest.mark.parametrize("code", "?bhilqBHILQefdgFD")
def test_numpy_scalars_keep_their_type(code: str) -> None:
    value = np.dtype(code).type(1)
    arrived = sent(value)[0]
    assert type(arrived) is np.dtype(value.dtype.str).type and arrived == value


@pytest.mark.parametrize("kind", ["C", "F", "strided"])
def test_layouts(kind: str) -> None:
    array = with_layout(np.arange(24.0).reshape(2, 3, 4), kind)
    arrived = sent(array)[0]
    assert layout(arrived) == kind and np.array_equal(arrived, array) and arrived.flags.writeable


def test_an_item_of_an_array_of_names_is_text() -> None:
    (arrived,) = sent(np.array(["minimum", "saddle"])[1])
    assert type(arrived) is str and arrived == "saddle"


def test_dtype_arguments() -> None:
    assert sent(np.float32, float, np.dtype("int16")) == [np.float32, float, np.dtype("int16")]


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.MT19937, np.random.Philox, np.random.SFC64])
def test_generators_continue_on_both_sides(kind: Any) -> None:
    here, expected = (np.random.Generator(kind(7)) for _ in range(2))
    here.normal(size=3), expected.normal(size=3)
    ours, theirs = codec(), codec()
    arrived = theirs.decode(frame_of(ours.encode("call", [here, here])))[0]
    assert arrived[0] is arrived[1]
    assert np.array_equal(arrived[0].normal(size=5), expected.normal(size=5))
    assert ours.decode(frame_of(theirs.encode("result", arrived[0])))[0] is here
    assert np.array_equal(here.normal(size=5), expected.normal(size=5))


@pytest.mark.parametrize("value", [object(), len, np.array([None]), np.zeros(2, "V4"), np.ma.ones(2), {1}, {object(): 1}, range(2)])
def test_all_else_is_referred(value: Any) -> None:
    seen = []
    wire.Codec(lambda value: seen.append(value) or ["h", 1, ""], lambda node: None).encode("result", ([value],))
    assert len(seen) == 1 and seen[0] is value


@pytest.mark.parametrize("base", [float, int, str, list, dict, tuple, np.ndarray, np.float64])
def test_subclasses_are_referred(base: type) -> None:
    seen = []
    value = type("Sub", (base,), {})(*([(2,)] if base is np.ndarray else []))
    wire.Codec(lambda value: seen.append(value) or ["h", 1, ""], lambda node: None).encode("result", value)
    assert len(seen) == 1 and seen[0] is value


PCG = np.random.PCG64(0).state
MT = np.random.MT19937(0).state


def states_of(state: Any) -> tuple[list[Any], bytes]:
    """Return the node of a generator's state, and its data."""
    message = frame_of(codec().encode("call", state))
    return msgpack.unpackb(message.structure)[1], message.data


@pytest.mark.parametrize(
    ("nodes", "data"),
    [
        ([["l", ["?"]]], b""),
        ([["x", 1]], b""),
        ([[]], b""),
        ([[1, 2]], b""),
        ([["a", "<f8", [2], "C"]], b"short"),
        ([["a", "<f8", [1], "C"]], b"x" * 9),
        ([["a", "|O", [1], "C"]], b"x" * 8),
        ([["a", "<f8,<f8", [1], "C"]], b"x" * 16),
        ([["a", "<M8[s]", [1], "C"]], b"x" * 8),
        ([["a", ["<f8"], [1], "C"]], b"x" * 8),
        ([["a", "<f8", [-1], "C"]], b"x" * 8),
        ([["a", "<f8", [True], "C"]], b"x" * 8),
        ([["a", "<f8", [0, 2**62], "C"]], b""),
        ([["a", "<f8", [0, 2**62], "strided"]], b""),
        ([["a", "<f8", [1] * 40, "C"]], b"x" * 8),
        ([["a", "<f8", [1], "Q"]], b"x" * 8),
        ([["a", "<f8", [1]]], b"x" * 8),
        ([["s", "<f8", b"short"]], b""),
        ([["s", ">f8", b"12345678"]], b""),
        ([["s", "<f8", "12345678"]], b""),
        ([["i", "no number"]], b""),
        ([["i", 3]], b""),
        ([["i"]], b""),
        ([["c", 1.0, "2"]], b""),
        ([["b", 10**9]], b""),
        ([["b", -1]], b""),
        ([["d", 1]], b""),
        ([["d", ["l"], 1]], b""),
        ([["d", ["a", "<f8", [], "C"], 1]], b"x" * 8),
        ([["r", 0]], b""),
        ([["r", -1]], b""),
        ([["T", "object"]], b""),
        ([["T", ["l"]]], b""),
        ([["D", "|O"]], b""),
        ([["h", 1, "x"]], b""),
        ([["f", 1]], b""),
        ({"a": 1}, b""),
        (None, b""),
        ([b"bytes"], b""),
        ([msgpack.Timestamp(1)], b""),
        ([msgpack.ExtType(5, b"x")], b""),
        ([{"a": 1}], b""),
    ],
)
def test_malformed_nodes(nodes: Any, data: bytes) -> None:
    with pytest.raises(wire.WireError):
        read(nodes, data)


@pytest.mark.parametrize(
    "state",
    [
        None,
        [],
        {"bit_generator": "PCG64DXSM"},
        {"bit_generator": ["PCG64"]},
        {**PCG, "state": {"state": -1, "inc": 1}},
        {**PCG, "state": {"state": 2**128, "inc": 1}},
        {**PCG, "state": {"state": 1.5, "inc": 1}},
        {**PCG, "uinteger": 2**32},
        {**PCG, "more": 1},
        {**MT, "state": {**MT["state"], "pos": 625}},  # NumPy would read beyond the end
        {**MT, "state": {**MT["state"], "key": np.zeros(3, np.uint32)}},
        {**MT, "state": {**MT["state"], "key": np.zeros(624, np.uint64)}},
        {**np.random.Philox(0).state, "buffer_pos": 99},
    ],
)
def test_malformed_generators(state: Any) -> None:
    states, data = states_of(state)
    with pytest.raises(wire.WireError):
        read([], data, states)


def test_another_kind_of_generator() -> None:
    ours, states = codec(), states_of(MT)
    ours.encode("call", np.random.default_rng(0))
    with pytest.raises(wire.WireError, match="another kind"):
        ours.decode(wire.Frame("result", msgpack.packb([states[0], []]), states[1]))


@pytest.mark.parametrize("kind", [np.random.PCG64, np.random.Philox])
def test_another_stream(kind: type) -> None:
    """A generator may have drawn, but it may not have become another one, which could give the same number for ever."""
    generator = np.random.Generator(kind(0))
    for state, fails in ((kind(0).jumped().state, False), (kind(1).state, True)):
        ours, (states, data) = codec(), states_of(state)
        ours.encode("call", generator)
        frame = wire.Frame("result", msgpack.packb([states, []]), data)
        if fails:
            with pytest.raises(wire.WireError, match="another random generator"):
                ours.decode(frame)
        else:
            assert ours.decode(frame) == []


@pytest.mark.parametrize("shape", [[10**9, 0], [0, 10**9], [2**40, 0, 2**40], [0] * 31 + [2**62]])
def test_arrays_without_elements_have_axes_within_reason(shape: list[int]) -> None:
    """One sum over the right axis would need all memory."""
    with pytest.raises(wire.WireError, match="axes longer than 65536"):
        read([["a", "<f8", shape, "C"]])
    assert read([["a", "<f8", [1000, 0], "C"]])[0].shape == (1000, 0)


def test_what_keys_consist_of_is_counted() -> None:
    """Tuples whose hashes are equal are compared element by element, each with all others."""
    tight = wire.Bounds(keys=50)
    for count, good in ((8, True), (9, False)):
        node = ["d", *[part for number in range(count) for part in (["t", 0, 0, ["t", 0], number], None)]]
        frame = wire.Frame("result", msgpack.packb([[], [node]]), b"")
        decode = wire.Codec(list, list, tight).decode
        if good:
            assert len(decode(frame)[0]) == count
        else:
            with pytest.raises(wire.WireError, match="elements of such keys"):
                decode(frame)


def test_references_are_counted() -> None:
    taking = wire.Codec(lambda value: [], lambda node: node[1])
    for count in (10_000, 10_001):
        structure = msgpack.packb([[], [["l", *([["h", 1, "x"]] * count)]]])
        frame = wire.Frame("result", structure, b"")
        if count == 10_000:
            assert taking.decode(frame) == [[1] * count]
        else:
            with pytest.raises(wire.WireError, match="more than 10000 values that aren't data"):
                taking.decode(frame)


@quick
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_noise(structure: bytes, data: bytes) -> None:
    with pytest.raises(wire.WireError):
        codec().decode(wire.Frame("result", structure, data + b"x"))


@quick
@given(values, st.data())
def test_one_wrong_byte(value: Any, choice: st.DataObject) -> None:
    """A flipped byte gives another value or a `WireError`, and no other exception."""
    frame = frame_of(codec().encode("result", value))
    structure = bytearray(frame.structure)
    structure[choice.draw(st.integers(0, len(structure) - 1))] = choice.draw(st.integers(0, 255))
    with suppress(wire.WireError):
        codec().decode(wire.Frame("result", bytes(structure), frame.data))


def test_limits_of_the_writer() -> None:
    tight = wire.Bounds(frame_bytes=1000, structure_bytes=500, depth=3, elements=50)
    for value in ([[[[[]]]]], list(range(60)), np.zeros(200), "x" * 600, np.broadcast_to(1.0, (10**6, 10**6))):
        with pytest.raises(wire.WireError):
            codec(tight).encode("result", value)
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(wire.WireError, match="nested deeper"):
        codec().encode("result", endless)


def test_limits_of_the_reader() -> None:
    tight = wire.Bounds(depth=3, elements=50, keys=2)
    for node in (["l", ["l", ["l", ["l", ["l"]]]]], ["l", *range(60)], ["d", 1, 1, 2, 2, 3, 3]):
        with pytest.raises(wire.WireError):
            read([node], bounds=tight)
    deep: Any = 1
    for _ in range(400):
        deep = ["l", deep]
    with pytest.raises(wire.WireError):
        read([deep])


@pytest.mark.parametrize("lengths", [(99, 1, 1), (0, 5 << 20, 0), (0, 1, 65 << 20), (255, 2**32 - 1, 2**32 - 1)])
def test_headers(lengths: tuple[int, int, int]) -> None:
    with pytest.raises(wire.WireError):
        wire.frame_lengths(wire.HEADER.pack(*lengths), wire.Bounds())
