"""The wire format between host and guest: frames of plain data.

A frame is a header (kind of message, length of the structure, length of the data), the structure as MessagePack, and the data: the bytes
of all arrays, one after the other. In the structure a value is either itself (None, bool, float, text, an integer of at most 64 bits) or a
list that starts with a tag::

    ["l", item...]  list      ["d", key, value...]  dict     ["a", dtype, shape, layout]  array; its bytes are the next of the data
    ["t", item...]  tuple     ["i", hexadecimal]    big int  ["s", dtype, bytes]          NumPy scalar
    ["b", length]   bytes     ["c", real, imag]     complex  ["T", name], ["D", dtype]    type, dtype (for a ``dtype=`` argument)
    ["r", index]    random generator; every message of a call carries the states, so both sides continue one stream
    ["h", ...], ["f", ...], ["e", ...]  reference to a value that stays in its process (handle, function, iterator), made and resolved by
                            `refer` and `resolve`
    ["p", call, index...]   the answer to an earlier planned call of the test, or a part of it

Planned calls are sent together (see `prefetch`): a frame of kind "calls" holds a list of "call" frames for each test, and the reply to each
is a "result" or an "error". The inner frames carry no generator states; these stand beside them, once for each test.

A "result" holds the answer, the arguments after the call where they are wanted, and True behind them where an array of the answer uses
memory of an argument (`coursekit.student.Call.shared`). Data can't show that, so it is the submission's word: code in the guest could leave
it out, and would earn what the tests of copies are worth, no more.

The host treats every byte as hostile: a malformed frame raises `WireError`, and a valid one decodes to exactly the types above. Pickle is
not used, because unpickling would run the student's code in the host.
"""

from __future__ import annotations

import builtins
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack
import numpy as np

from coursekit.student import layout, with_layout

KINDS = (
    *("cells", "running", "ready", "refused", "call", "result", "error", "callback", "answer", "failed", "calls", "ask", "output"),
    *("begin", "uncopied"),
)
_CODE_OF = {kind: code for code, kind in enumerate(KINDS)}
HEADER = struct.Struct("!BII")
RECEIVED_STRUCTURE = 1 << 20  # decoded to lists, it can take 80 times as much memory
COMPLAINT_LENGTH = 200  # an error may quote megabytes of received data

_CODES = "?bhilqBHILQefdgFD"
_DTYPES = {name: np.dtype(name) for code in _CODES for name in (np.dtype(code).str, np.dtype(code).newbyteorder(">").str)}
_TYPES = {"bool": bool, "int": int, "float": float, "complex": complex}
_TYPES |= {name: dtype.type for name, dtype in _DTYPES.items() if dtype.isnative}
_TYPE_NAMES = {scalar: name for name, scalar in _TYPES.items()}
_SCALARS = frozenset(np.dtype(code).type for code in _CODES)  # includes pairs of the same name, such as int64 and longlong
_PLAIN = frozenset({type(None), bool, float, str})
_PLAIN_NODES = _PLAIN | {int}

_WORD = 2**64
_BUFFERED = {"has_uint32": 2, "uinteger": 2**32}
_BIT_GENERATORS: dict[str, tuple[type, dict[str, Any]]] = {
    "PCG64": (np.random.PCG64, {"state": {"state": 2**128, "inc": 2**128}, **_BUFFERED}),
    "MT19937": (np.random.MT19937, {"state": {"key": ("<u4", 624), "pos": 625}}),
    "Philox": (np.random.Philox, {"state": {"counter": ("<u8", 4), "key": ("<u8", 2)}, "buffer": ("<u8", 4), "buffer_pos": 5, **_BUFFERED}),
    "SFC64": (np.random.SFC64, {"state": {"state": ("<u8", 4)}, **_BUFFERED}),
}
"""For each bit generator the shape of its state: integers by their upper bound, arrays by dtype and length."""
_CONSTANT = {"PCG64": "inc", "Philox": "key"}
"""The constant part of the state. A guest could change it so that the generator repeats one number, so it is compared."""


class WireError(Exception):
    """A value can't be encoded, or a received frame is malformed."""


@dataclass(frozen=True)
class Bounds:
    """Limits of a message.

    Parameters
    ----------
    frame_bytes : int
        The whole frame.
    structure_bytes : int
        The part without the bytes of arrays. It bounds what MessagePack allocates before values are checked.
    depth, elements : int
        Levels of nesting, and number of values.
    keys : int
        Keys of dictionaries that aren't text, and the elements of those that are tuples. Such keys can be chosen with equal hashes, so
        that each is compared, element by element, with all before it.
    rows : int
        The longest axis of an array without entries: it takes no memory itself, but arrays derived from its shape can.
    generators : int
        Random generators in one call.
    references : int
        Handles and functions in one message.
    """

    frame_bytes: int = 64 << 20
    structure_bytes: int = 4 << 20
    depth: int = 32
    elements: int = 250_000
    keys: int = 4096
    rows: int = 1 << 16
    generators: int = 64
    references: int = 10_000

    @property
    def received(self) -> Bounds:
        """The bounds of messages from a guest: their structure may be smaller than the host's, which holds a notebook's code."""
        return replace(self, structure_bytes=min(self.structure_bytes, RECEIVED_STRUCTURE))

    @property
    def too_large(self) -> str:
        """The message for a frame above the bounds."""
        arrays, others = self.frame_bytes / (1 << 20), self.structure_bytes >> 20
        return f"more than {arrays:g} MiB of arrays (the limit answer_bytes) or {others} MiB of other values"

    @property
    def too_deep(self) -> str:
        """The message for too many levels of nesting."""
        return f"nested deeper than {self.depth} levels (the limit depth)"


class Handle:
    """A reference to a value that stays in the guest, such as a cache. The host can only pass it back.

    Parameters
    ----------
    id : int
        The guest's number of the value.
    type_name : str
        The name of its type as reported by the guest, for messages.
    owner : object
        The process that has the value; no other one can resolve the handle.
    iterates, callable : bool
        Whether it is an iterator, and whether it can be called.

    Attributes
    ----------
    generators : sequence of numpy.random.Generator
        Those that were passed to the call which it answers: the steps of an iterator draw from them.
    """

    __slots__ = ("__weakref__", "callable", "generators", "id", "iterates", "owner", "type_name")

    def __init__(self, id: int, type_name: str, owner: object = None, iterates: bool = False, callable: bool = False) -> None:
        self.id, self.type_name, self.owner, self.iterates, self.callable = id, type_name, owner, iterates, callable
        self.generators: Sequence[np.random.Generator] = ()

    def __repr__(self) -> str:
        return f"<a value of type {self.type_name} that stays in the student's process>"


@dataclass(frozen=True)
class Frame:
    """A received message, of which only the header is decoded."""

    kind: str
    structure: bytes | bytearray
    data: bytes | bytearray


def frame_lengths(header: bytes | bytearray, bounds: Bounds) -> tuple[str, int, int]:
    """Return kind, length of the structure and length of the data in a header.

    Raises
    ------
    WireError
        If the kind is unknown, or the frame exceeds the bounds.
    """
    code, structure, data = HEADER.unpack(header)
    if code >= len(KINDS):
        raise WireError("an unknown kind of message")
    _check_lengths(structure, data, bounds)
    return KINDS[code], structure, data


def _check_lengths(structure: int, data: int, bounds: Bounds) -> None:
    if structure > bounds.structure_bytes or structure + data > bounds.frame_bytes:
        raise WireError(bounds.too_large)


def frame_in(message: bytes, bounds: Bounds) -> Frame:
    """Return the frame in `message`.

    Raises
    ------
    WireError
        If `message` isn't exactly one frame.
    """
    start = HEADER.size
    kind, structure, data = frame_lengths(message[:start], bounds) if len(message) >= start else ("", 0, 0)
    if len(message) != start + structure + data or not kind:
        raise WireError("a message whose length differs from its header")
    return Frame(kind, message[start : start + structure], message[start + structure :])


class Codec:
    """Encodes and decodes the messages of one call.

    Parameters
    ----------
    refer : callable
        Given a value that can't be encoded, returns a list that refers to it (tag "h", "f" …), or raises.
    resolve : callable
        Given such a list, returns the value, or raises.
    bounds : Bounds
        Limits for encoding and decoding.

    Attributes
    ----------
    generators : list of numpy.random.Generator
        The random generators of the call, in the order of their indices.
    """

    def __init__(self, refer: Callable[[Any], list[Any]], resolve: Callable[[list[Any]], Any], bounds: Bounds | None = None) -> None:
        self._refer, self._resolve, self._bounds = refer, resolve, bounds or Bounds()
        self.generators: list[np.random.Generator] = []

    def encode(self, kind: str, *values: Any, states: bool = True) -> bytes:
        """Return a frame with `values`, and with the states of the generators unless `states` is False.

        Raises
        ------
        WireError
            If they exceed the bounds.
        """
        writer = _Writer(self._refer, self.generators, self._bounds)
        nodes, data = [writer.node(value, 0) for value in values], writer.data
        if len(self.generators) > self._bounds.generators:
            raise WireError(f"more than {self._bounds.generators} random generators")
        state_nodes: list[Any] = []
        if self.generators and states:
            states_writer = _Writer(self._refer, self.generators, self._bounds)
            state_nodes = [states_writer.node(generator.bit_generator.state, 0) for generator in self.generators]
            data = states_writer.data + data
        try:
            structure = msgpack.packb([state_nodes, nodes], use_bin_type=True)
        except UnicodeEncodeError:
            raise WireError("text that isn't valid Unicode") from None
        length = sum(map(len, data))
        header = HEADER.pack(_CODE_OF[kind], len(structure), length)
        _check_lengths(len(structure), length, self._bounds)
        return b"".join((header, structure, *data))

    def decode(self, frame: Frame, states: bool = True) -> list[Any]:
        """Return the values of a frame, and set this call's generators to the states in it (unless `states` is False).

        Raises
        ------
        WireError
            If the frame is malformed or exceeds the bounds.
        """
        try:
            return self._decoded(frame, states)
        except WireError:
            raise
        except Exception as error:
            raise WireError(f"malformed ({type(error).__name__}: {str(error)[:COMPLAINT_LENGTH]})") from None

    def _decoded(self, frame: Frame, synchronise: bool) -> list[Any]:
        length = len(frame.structure)
        # bin is used for NumPy scalars, of at most 16 bytes; maps and extension types are not used
        limits = {"max_bin_len": 16, "max_map_len": 0, "max_ext_len": 0, "max_str_len": length, "max_array_len": 2 * self._bounds.elements}
        states, nodes = msgpack.unpackb(frame.structure, raw=False, **limits)
        reader = _Reader(self._resolve, self.generators, self._bounds, frame.data)
        if synchronise:
            self._synchronise(states, reader)  # before the values, which may refer to a generator
        values = [reader.value(node, 0) for node in nodes]
        if reader.offset != len(frame.data):
            raise WireError("data that belong to no array")
        return values

    def _synchronise(self, states: list[Any], reader: _Reader) -> None:
        if type(states) is not list or not len(self.generators) <= len(states) <= self._bounds.generators:
            raise WireError("another number of random generators")
        checked = [checked_state(reader.value(state, 0)) for state in states]
        for generator, (name, state) in zip(self.generators, checked, strict=False):
            if type(generator.bit_generator) is not _BIT_GENERATORS[name][0]:
                raise WireError("another kind of random generator")
            if name in _CONSTANT and np.any(generator.bit_generator.state["state"][_CONSTANT[name]] != state["state"][_CONSTANT[name]]):
                raise WireError("another random generator than the one that was passed")
            generator.bit_generator.state = state
        self.generators += [_generator(name, state) for name, state in checked[len(self.generators) :]]


def generator_in(state: Any) -> np.random.Generator:
    """Return a generator with a given state.

    Raises
    ------
    WireError
        If the state is malformed.
    """
    return _generator(*checked_state(state))


def _generator(name: str, state: dict[str, Any]) -> np.random.Generator:
    bit_generator = _BIT_GENERATORS[name][0](0)
    bit_generator.state = state
    return np.random.Generator(bit_generator)


def checked_state(state: Any) -> tuple[str, dict[str, Any]]:
    """Return name and state of a bit generator, after a check of every number's type and range.

    NumPy doesn't check: with a wrong position the Mersenne Twister reads beyond its memory.
    """
    if type(state) is not dict or type(state.get("bit_generator")) is not str or state["bit_generator"] not in _BIT_GENERATORS:
        raise WireError("an unknown random generator")
    name = state["bit_generator"]
    _check_numbers({key: value for key, value in state.items() if key != "bit_generator"}, _BIT_GENERATORS[name][1])
    return name, state


def _check_numbers(value: Any, schema: Any) -> None:
    if type(schema) is dict:
        good = type(value) is dict and value.keys() == schema.keys()
        if good:
            for key, part in schema.items():
                _check_numbers(value[key], part)
    elif type(schema) is tuple:
        good = type(value) is np.ndarray and (value.dtype, value.shape) == (np.dtype(schema[0]), (schema[1],))
    else:
        good = type(value) in (int, bool) and 0 <= value < schema
    if not good:
        raise WireError("the state of a random generator is malformed")


def builtin_error(name: str, message: str) -> Exception:
    """Return an exception of the builtin type of that name, or a RuntimeError: the exception of a function in another process."""
    kind: Any = getattr(builtins, name, None)
    try:
        return kind(message) if issubclass(kind, Exception) else RuntimeError(f"{name}: {message}")
    except TypeError:  # not a type, or its constructor takes other arguments
        return RuntimeError(f"{name}: {message}")


class _Writer:
    """Encodes values as nodes. Only exact types are data, NumPy's text as plain text; an instance of a subclass is sent as a reference."""

    def __init__(self, refer: Callable[[Any], list[Any]], generators: list[np.random.Generator], bounds: Bounds) -> None:
        self._refer, self._generators, self._bounds = refer, generators, bounds
        self.data: list[bytes] = []
        self._bytes = self._elements = 0

    def node(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self._elements += 1
        if self._elements > self._bounds.elements:
            raise WireError(f"more than {self._bounds.elements} values")
        if depth > self._bounds.depth:
            raise WireError(self._bounds.too_deep)
        if kind in _PLAIN:
            return value
        if kind is int:
            return value if -_WORD // 2 <= value < _WORD else ["i", hex(value)]
        if kind is list or kind is tuple:
            return ["l" if kind is list else "t", *[self.node(item, depth + 1) for item in value]]
        if kind is dict and all(_is_key(key) for key in value):
            return ["d", *[self.node(part, depth + 1) for item in value.items() for part in item]]
        if kind is np.ndarray and value.dtype.str in _DTYPES:
            self._append(value.nbytes, value.tobytes)
            return ["a", value.dtype.str, list(value.shape), layout(value)]
        if kind in _SCALARS:
            return ["s", value.dtype.str, value.tobytes()]
        if kind is bytes:
            self._append(len(value), lambda: value)
            return ["b", len(value)]
        return self._rare(kind, value)

    def _rare(self, kind: type, value: Any) -> Any:
        if kind is complex:
            return ["c", value.real, value.imag]
        if kind is np.random.Generator and type(value.bit_generator).__name__ in _BIT_GENERATORS:
            return ["r", self._index(value)]
        if kind is type and value in _TYPE_NAMES:
            return ["T", _TYPE_NAMES[value]]
        if isinstance(value, np.dtype) and value.str in _DTYPES:
            return ["D", value.str]
        if kind is np.str_:  # an item of an array of names
            return str(value)
        return self._refer(value)

    def _append(self, length: int, content: Callable[[], bytes]) -> None:
        # check the length before the copy: a broadcast array is far larger on the wire than in memory
        self._bytes += length
        if self._bytes > self._bounds.frame_bytes:
            raise WireError(self._bounds.too_large)
        self.data.append(content())

    def _index(self, generator: np.random.Generator) -> int:
        for index, known in enumerate(self._generators):
            if known is generator:
                return index
        self._generators.append(generator)
        return len(self._generators) - 1


def _is_key(key: Any) -> bool:
    kind = type(key)
    return kind in _PLAIN or kind is int or kind in _SCALARS or (kind is tuple and all(map(_is_key, key)))


def _parts_of_key(key: Any) -> int:
    """Return how many values are compared where a key's hash collides. Text counts zero: its hash is salted."""
    if type(key) is tuple:
        return 1 + sum(max(1, _parts_of_key(part)) for part in key)
    return int(type(key) is not str)


class _Reader:
    """Decodes nodes, and checks each one."""

    def __init__(self, resolve: Callable[[list[Any]], Any], generators: Sequence[Any], bounds: Bounds, data: bytes | bytearray) -> None:
        self._resolve, self._generators, self._bounds, self._data = resolve, generators, bounds, memoryview(data)
        self.offset = 0
        self._elements = self._keys = self._references = 0

    def value(self, node: Any, depth: int) -> Any:
        self._enter(1, depth)
        return node if type(node) in _PLAIN_NODES else self._made(node, depth)

    def _enter(self, elements: int, depth: int) -> None:
        self._elements += elements
        if self._elements > self._bounds.elements:
            raise WireError(f"more than {self._bounds.elements} values")
        if depth > self._bounds.depth:
            raise WireError(self._bounds.too_deep)

    def _made(self, node: Any, depth: int) -> Any:
        if type(node) is not list or not node or type(node[0]) is not str:
            raise WireError("a list without a tag")
        make = _MAKERS.get(node[0])
        return make(self, node, depth) if make else self._reference(node)

    def _reference(self, node: list[Any]) -> Any:
        self._references += 1
        if self._references > self._bounds.references:
            raise WireError(f"more than {self._bounds.references} values that aren't data")
        return self._resolve(node)

    def _items(self, node: list[Any], depth: int) -> list[Any]:
        if len(node) > 1:
            self._enter(len(node) - 1, depth + 1)
        return [item if type(item) in _PLAIN_NODES else self._made(item, depth + 1) for item in node[1:]]

    def _dict(self, node: list[Any], depth: int) -> dict[Any, Any]:
        parts = self._items(node, depth)
        keys, values = parts[::2], parts[1::2]
        self._keys += sum(map(_parts_of_key, keys))
        if self._keys > self._bounds.keys:
            raise WireError(f"more than {self._bounds.keys} keys that aren't text, or elements of such keys")
        if not all(map(_is_key, keys)):
            raise WireError("a key of an unsupported type")
        return dict(zip(keys, values, strict=True))

    def _array(self, node: list[Any], depth: int) -> np.ndarray:
        _, name, shape, kind = node
        if kind not in ("C", "F", "strided"):
            raise WireError("an unknown memory layout")
        dtype = _DTYPES[name]
        array = np.frombuffer(self._take(self._array_bytes(shape, dtype)), dtype).reshape(shape)
        return with_layout(array if dtype.isnative else array.astype(dtype.newbyteorder("=")), kind)

    def _scalar(self, node: list[Any], depth: int) -> Any:
        _, name, content = node
        if type(content) is not bytes or len(content) != _DTYPES[name].itemsize or not _DTYPES[name].isnative:
            raise WireError("a malformed NumPy scalar")
        return np.frombuffer(content, _DTYPES[name])[0]

    def _complex(self, node: list[Any], depth: int) -> complex:
        _, real, imag = node
        if (type(real), type(imag)) != (float, float):
            raise WireError("a malformed complex number")
        return complex(real, imag)

    def _array_bytes(self, shape: Any, dtype: np.dtype) -> int:
        if type(shape) is not list or len(shape) > 32:
            raise WireError("a malformed shape")
        size = room = 1
        for length in shape:
            if type(length) is not int or length < 0:
                raise WireError("a malformed length")
            size *= length
            room *= length or 1
        # an array without entries can have axes of any length, and a sum over the empty one would allocate the others
        if room > (self._bounds.frame_bytes if size else self._bounds.rows):
            raise WireError(self._bounds.too_large if size else f"an array without entries with axes longer than {self._bounds.rows}")
        return size * dtype.itemsize

    def _take(self, length: int) -> memoryview:
        start, end = self.offset, self.offset + _natural(length)
        if end > len(self._data):
            raise WireError("fewer data than announced")
        self.offset = end
        return self._data[start:end]


_MAKERS: dict[str, Callable[[_Reader, list[Any], int], Any]] = {
    "l": _Reader._items,
    "t": lambda reader, node, depth: tuple(reader._items(node, depth)),
    "d": _Reader._dict,
    "a": _Reader._array,
    "s": _Reader._scalar,
    "i": lambda reader, node, depth: int(node[1], 16),
    "c": _Reader._complex,
    "b": lambda reader, node, depth: bytes(reader._take(node[1])),
    "r": lambda reader, node, depth: reader._generators[_natural(node[1])],
    "T": lambda reader, node, depth: _TYPES[node[1]],
    "D": lambda reader, node, depth: _DTYPES[node[1]].newbyteorder("="),
}


def _natural(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise WireError("a malformed length")
    return number
