"""Tests that many exercises share. A test class inherits those that its exercise promises, and says what arguments to use::

    @exercise("update_running")
    class TestUpdateRunning(ArgumentsUnchanged, Integers, Float32, MemoryLayouts):
        integers = (0, 1)

        def arguments(self, rng):
            return rng.normal(size=5), rng.normal(size=5), 0.6

Each looks at one thing alone: it compares two answers of the student's function, to the same numbers in another form, so it passes where
both are wrong alike. All are corners (see `coursekit.corner`): they earn in proportion to what the right values earned, so a wrong
function gains nothing by them.

For a backward pass, `arguments` returns the upstream gradient and then the arguments of the forward pass, and the class inherits `Backward`
first, which runs the pair, and passes where the fault is the forward pass's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from coursekit import corner
from coursekit.expectations import Mismatch, expect, expect_unchanged, same
from coursekit.student import Raised, Student, StudentError, with_layout


class Contract:
    """What the tests of a contract need from the exercise's class.

    Attributes
    ----------
    outputs : tuple of str
        The names of the items of the answer, if it is a tuple.
    """

    exercise: str
    outputs: tuple[str, ...] = ()

    def arguments(self, rng: np.random.Generator) -> tuple[Any, ...]:
        """Return typical arguments, as float64 in C order. An integer seed in place of a generator: `SEED`."""
        raise NotImplementedError

    def ask(self, student: Student, *arguments: Any) -> Any:
        """Call the function, and return what is compared; of a forward pass only `out`."""
        answer = getattr(student, self.exercise)(*with_generators(arguments))
        if self.exercise.endswith("_forward") and not isinstance(answer, np.ndarray):  # a missing cache isn't what a contract is about
            return expect(answer, f"what {self.exercise} returns").items("out", "cache")[0]
        return answer

    def compare(self, student: Student, usual: Sequence[Any], odd: Sequence[Any], name: str, why: str, **tolerances: float) -> None:
        """Expect the same answer to the arguments `usual` and `odd`; the message is "<name> differs <why>". For `Expectation.alike`."""
        if answers := both(lambda: self.ask(student, *usual), lambda: self.ask(student, *odd)):
            expect(answers[1], name).alike(answers[0], why, self.outputs, **tolerances)

    def unchanged(self, student: Student, *arguments: Any) -> None:
        """Call the function, and expect that it leaves all arguments but generators as they are. A call that raises is no evidence."""
        with suppress(Raised):
            expect_unchanged(getattr(student, self.exercise), *with_generators(arguments))


class Backward(Contract):
    """The contract of a backward pass: ``x_backward(dout, cache)`` with the cache of ``x_forward``."""

    def ask(self, student: Student, *arguments: Any) -> Any:
        """Run the student's pair: the upstream gradient comes first in `arguments`."""
        return getattr(student, self.exercise)(arguments[0], self.forward(student, *arguments[1:])[1])

    def expect_gradient(self, student: Student, reference: Any, only: str, *arguments: Any, rtol: float = 1e-7) -> None:
        """Run the student's pair, and expect that the gradient `only`, one of `outputs`, is the reference's. For tests of one aspect."""
        forward = self.exercise.removesuffix("_backward") + "_forward"
        answer = self.ask(student, *arguments)
        right = getattr(reference, self.exercise)(arguments[0], getattr(reference, forward)(*with_generators(arguments[1:]))[1])
        if self.outputs:
            answer = expect(answer, f"what {self.exercise} returns").items(*self.outputs)[self.outputs.index(only)]
            right = right[self.outputs.index(only)]
        expect(answer, only).close_to(right, rtol=rtol)

    def forward(self, student: Student, *arguments: Any) -> list[Any]:
        """Run the student's forward pass, and return (out, cache)."""
        forward = self.exercise.removesuffix("_backward") + "_forward"
        answer = getattr(student, forward)(*with_generators(arguments))
        return expect(answer, f"what {forward} returns").items("out", "cache")

    def compare(self, student: Student, usual: Sequence[Any], odd: Sequence[Any], name: str, why: str, **tolerances: float) -> None:
        """Expect the same gradients for the arguments `usual` and `odd`, unless the forward pass's `out` is at fault already."""
        out, cache = self.forward(student, *usual[1:])
        try:
            expect(out).shaped(np.shape(usual[0]))
            odd_out, odd_cache = self.forward(student, *odd[1:])
            expect(odd_out).alike(out, why, (), **tolerances)
        except (Mismatch, StudentError):
            return
        backward = getattr(student, self.exercise)
        if answers := both(lambda: backward(usual[0], cache), lambda: backward(odd[0], odd_cache)):
            expect(answers[1], name).alike(answers[0], why, self.outputs, **tolerances)

    def unchanged(self, student: Student, *arguments: Any) -> None:
        """Run the pair, and expect that `dout` is as it was; what becomes of the cache is the pair's own business."""
        out, cache = self.forward(student, *arguments[1:])
        try:
            expect(out).shaped(np.shape(arguments[0]))
        except Mismatch:  # no gradient of this shape belongs to it
            return
        try:
            call = getattr(student, self.exercise).call(arguments[0], cache)
        except Raised:  # another test looks at that
            return
        if not same(arguments[0], call.arguments[0]):
            raise Mismatch("value", f"{self.exercise} changed dout in place; the layer above still needs it, so work on a copy instead")


def both(usual: Callable[[], Any], odd: Callable[[], Any]) -> tuple[Any, Any] | None:
    """Return the answers of two calls; None if both raise an exception of one type, or have the same wrong form: alike, too."""
    try:
        to_usual = usual()
    except (Raised, Mismatch) as error:
        try:
            odd()
        except (Raised, Mismatch) as other:
            if _cause(other) == _cause(error):
                return None
        raise
    return to_usual, odd()


def _cause(error: Raised | Mismatch) -> str:
    return error.type_name if isinstance(error, Raised) else error.kind


class _Seed:
    """Stands in `Contract.arguments` for a random generator; every call of the function gets one in the same state."""


SEED = _Seed()


TWO_SEEDS = 9, 3
"""Seeds whose first coins differ, by any method of a generator. The second coin of the first seed is another than its first."""


def with_generators(arguments: Sequence[Any], seed: int = 93) -> tuple[Any, ...]:
    """Return arguments with a new generator in the place of `SEED`."""
    return tuple(np.random.default_rng(seed) if isinstance(argument, _Seed) else argument for argument in arguments)


def array_in(answer: Any) -> Any:
    """Return the array of an answer such as (out, mask), or the one that a list of numbers stands for; other answers as they are.

    For functions that return one array, where a test of its own says that it is returned as an array, and alone.
    """
    if type(answer) in (list, tuple) and answer:
        if type(answer) is tuple:
            return answer[0] if isinstance(answer[0], np.ndarray) else answer
        try:
            found = np.array(answer)
        except ValueError:  # rows of different lengths
            return answer
        return found if found.dtype.kind in "iuf" else answer
    return answer


def in_form(arguments: Sequence[Any], change: Callable[[np.ndarray], np.ndarray], only: Sequence[int] | None = None) -> tuple[Any, ...]:
    """Return arguments with their arrays of floats changed, also in lists and tuples; those at the positions `only` if they are given."""

    def changed(position: int, argument: Any) -> Any:
        if isinstance(argument, (list, tuple)):
            return type(argument)(changed(position, item) for item in argument)
        is_float = isinstance(argument, np.ndarray) and argument.dtype.kind == "f"
        return change(argument) if is_float and (only is None or position in only) else argument

    return tuple(changed(position, argument) for position, argument in enumerate(arguments))


def arrays_in(arguments: Sequence[Any]) -> list[np.ndarray]:
    """Return the arrays among arguments, also those in lists and tuples."""
    found: list[np.ndarray] = []
    for argument in arguments:
        found += arrays_in(argument) if isinstance(argument, (list, tuple)) else [argument] if isinstance(argument, np.ndarray) else []
    return found


def out_of(answer: Any) -> Any:
    """Return `out`, whether it was returned alone or as the first item of a tuple; a test of its own looks at that."""
    return answer[0] if isinstance(answer, (list, tuple)) and answer else answer


def part_of(answer: Any, which: int, names: Sequence[str]) -> Any:
    """Return one of the items that are asked for, also where there are fewer or more; a test of its own looks at their number."""
    if isinstance(answer, (list, tuple)) and len(answer) > which:
        return answer[which]
    is_first = which == 0 and isinstance(answer, (np.ndarray, np.generic, float))
    return answer if is_first else expect(answer, "what came back").items(*names)[which]


def generator(rng: np.random.Generator) -> np.random.Generator:
    """Return a generator to hand to the student: another one than that of the inputs."""
    return np.random.default_rng(int(rng.integers(2**32)))


def agree(
    ask: Callable[..., Any], student: Student, reference: Any, inputs: Sequence[Any], name: str = "the answer", rtol: float = 1e-7
) -> None:
    """Expect that what `ask` gets from the student, ``ask(student, *arguments)``, is what it gets from the reference, for all inputs."""
    for arguments in inputs:
        expect(ask(student, *arguments), name).close_to(ask(reference, *arguments), rtol=rtol)


def rounded(array: np.ndarray) -> np.ndarray:
    """Return an array of whole numbers, as floats."""
    return np.rint(3 * array) + 0.0


class ArgumentsUnchanged(Contract):
    """The function works on copies."""

    @corner("arguments unchanged", 0.05)
    def test_arguments_unchanged(self, student: Student, rng: np.random.Generator) -> None:
        """The arguments are as they were after the call."""
        self.unchanged(student, *self.arguments(rng))


class Integers(Contract):
    """Arrays of integers are legal at the positions `integers`; all arrays by default.

    With a small `integer_type` and large arguments their products overflow, unless floats are made of them.
    """

    integers: tuple[int, ...] | None = None
    integer_type: type[np.signedinteger[Any]] = np.int64

    @corner("integers", 0.05)
    def test_integers(self, student: Student, rng: np.random.Generator) -> None:
        """Arrays of integers give the same answer as the same numbers as floats."""
        floats = in_form(self.arguments(rng), rounded, self.integers)
        whole = in_form(floats, lambda array: array.astype(self.integer_type), self.integers)
        try:
            self.compare(student, floats, whole, "the answer to integers", "from that to the same numbers as floats")
        except Mismatch as error:
            if error.kind == "value" and isinstance(error.got, np.ndarray) and np.array_equal(error.got, np.rint(error.got)):
                raise Mismatch("value", str(error), ("whole numbers",)) from None  # cut off somewhere: where makes no difference
            raise


class IntegersBesideFractions(Integers):
    """Arrays of integers are legal for each group of positions in `beside_fractions`, also where the other arguments have fractions."""

    beside_fractions: tuple[tuple[int, ...], ...] = ((0, 1), (1,), (2,))

    @corner("integers")
    def test_integers_beside_fractions(self, student: Student, rng: np.random.Generator) -> None:
        """Integers in some arguments, and fractions in the others, give the same answer as the same numbers as floats."""
        for group in self.beside_fractions:
            floats = in_form(self.arguments(rng), rounded, group)
            whole = in_form(floats, lambda array: array.astype(self.integer_type), group)
            self.compare(student, floats, whole, "the answer to integers beside fractions", "from that to the same numbers as floats")


class Float32(Contract):
    """Arrays of 32-bit floats are legal."""

    @corner("32-bit floats", 0.03)
    def test_float32(self, student: Student, rng: np.random.Generator) -> None:
        """Arrays of 32-bit floats give the same answer as the same numbers in 64 bits, up to rounding."""
        singles = in_form(self.arguments(rng), lambda array: array.astype(np.float32))
        doubles = in_form(singles, lambda array: array.astype(np.float64))
        rounding = 4 * np.finfo(np.float32).eps * max((np.abs(array).max(initial=0.0) for array in arrays_in(singles)), default=0.0)
        self.compare(student, doubles, singles, "the answer to 32-bit floats", "from that in 64 bits", rtol=1e-4, zero=float(rounding))


class MemoryLayouts(Contract):
    """The memory layout of arrays doesn't matter."""

    @corner("memory layouts", 0.03)
    def test_memory_layouts(self, student: Student, rng: np.random.Generator) -> None:
        """Transposed arrays, and slices with a step, give the same answer as the same numbers in an array of their own."""
        usual = self.arguments(rng)
        for kind, name in (("F", "transposed arrays"), ("strided", "slices with a step")):
            odd = in_form(usual, partial(with_layout, kind=kind))
            self.compare(student, usual, odd, f"the answer to {name}", "from that to the same numbers in C order")


class NoMemory(Contract):
    """An answer depends on the call's arguments alone."""

    @corner("no memory of earlier calls", 0.05)
    def test_no_memory(self, student: Student, rng: np.random.Generator) -> None:
        """An answer doesn't depend on the calls before it."""
        first, other = self.arguments(rng), self.arguments(rng)
        answers = both(lambda: self.ask(student, *first), lambda: (self.ask(student, *other), self.ask(student, *first))[1])
        if answers:
            expect(answers[1], "the answer").alike(answers[0], "when another call lies between", self.outputs)


def expect_repeated(again: Any, first: Any, why: str) -> None:
    """Expect the same answer again, up to rounding; the message has no numbers in it, for they could be others in each run."""
    try:
        expect(again).alike(first, why)
    except Mismatch as error:
        raise Mismatch(error.kind, f"the answer differs {why}") from None


class DrawsFromGenerator(Contract):
    """All random numbers come from the generator among the arguments."""

    @corner("random numbers from rng", 0.1)
    def test_draws_from_the_generator(self, student: Student, rng: np.random.Generator) -> None:
        """All random numbers come from rng: the same state gives the same answer, and another state another one."""
        arguments = self.arguments(rng)
        first, again, other = (self.ask(student, *with_generators(arguments, seed)) for seed in (TWO_SEEDS[0], *TWO_SEEDS))
        if first is again is other is None:  # nothing was returned: another test looks at that
            return
        expect_repeated(again, first, "between two generators in the same state, so not all random numbers come from rng")
        expect(other, "the answer").differs_from(first, "for generators in different states, so they aren't drawn from rng")
