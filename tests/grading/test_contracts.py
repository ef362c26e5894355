"""The tests that exercises share: each is red where its own sentence is false, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.kit.contracts import SEED, ArgumentsUnchanged, Backward, DrawsFromGenerator, Float32, Integers, MemoryLayouts, NoMemory
from coursekit.expectations import Mismatch
from coursekit.student import LocalStudent, StudentError

ALL = (ArgumentsUnchanged, Integers, Float32, MemoryLayouts, NoMemory)


def found(contract: type, function, arguments, **functions) -> str:
    """Run a contract's test on a function; return the message of its failure, or nothing."""
    exercise = function.__name__
    case = type("Case", (contract,), {"exercise": exercise, "arguments": lambda self, rng: arguments(rng)})()
    (test,) = (name for name in dir(case) if name.startswith("test_"))
    try:
        getattr(case, test)(LocalStudent({exercise: function, **functions}), np.random.default_rng(0))
    except (Mismatch, StudentError) as error:
        return str(error)
    return ""


def typical(rng):
    return rng.normal(size=(4, 4)), 2.0


def scale(x, by):
    return np.asarray(x, dtype=float) * by


def test_a_right_function_passes_all():
    assert [found(contract, scale, typical) for contract in ALL] == [""] * len(ALL)


@pytest.mark.parametrize("wrong", [lambda x, by: x + by, lambda x, by: None, lambda x, by: (x, "?"), lambda x, by: x.sum() / 0.0])
def test_wrong_values_pass_where_the_sentence_holds(wrong):
    def scale(x, by):
        with np.errstate(divide="ignore"):
            return wrong(np.asarray(x, dtype=float), by)

    assert [found(contract, scale, typical) for contract in ALL] == [""] * len(ALL)


def test_an_argument_changed_in_place():
    def scale(x, by):
        x *= by
        return x

    assert "changed its argument" in found(ArgumentsUnchanged, scale, typical)
    assert "UFuncTypeError" in found(Integers, scale, typical) or "raised" in found(Integers, scale, typical)
    assert not any(found(contract, scale, typical) for contract in (Float32, MemoryLayouts, NoMemory))


def test_integers_cut_off():
    def scale(x, by):
        out = np.zeros_like(x)
        out[:] = x * by / 7
        return out

    assert "differs from that to the same numbers as floats" in found(Integers, scale, typical)
    assert not any(found(contract, scale, typical) for contract in (ArgumentsUnchanged, Float32, MemoryLayouts, NoMemory))


@pytest.mark.parametrize(("cut", "what"), [(np.rint, ("whole numbers",)), (np.sqrt, None)])
def test_integers_cut_off_somewhere_are_a_finding(cut, what):
    """The mistake has the same name, whatever was cut off on the way."""

    def scale(x, by):
        return cut(np.abs(x) / 7) * by if x.dtype.kind == "i" else x * by / 7

    case = type("Case", (Integers,), {"exercise": "scale", "arguments": lambda self, rng: typical(rng)})()
    with pytest.raises(Mismatch) as error:
        case.test_integers(LocalStudent({"scale": scale}), np.random.default_rng(0))
    assert isinstance(error.value.got, tuple) == bool(what) and (not what or error.value.got == what)


def test_integers_of_a_small_type_overflow():
    class SmallIntegers(Integers):
        integer_type = np.int8

    def large(rng):
        return 4.0 * np.arange(1, 9), 0.5

    assert "differs from that to the same numbers as floats" in found(SmallIntegers, lambda x, by: x * x * by, large)
    assert not found(SmallIntegers, lambda x, by: np.square(x, dtype=float) * by, large)
    assert not found(Integers, lambda x, by: x * x * by, large)


def test_an_integer_that_is_too_large_for_an_array_is_no_zero():
    assert "differs" in found(Float32, lambda x, by: 10**30 if x.dtype == np.float32 else 0.0, typical)


def test_memory_read_in_its_own_order():
    def scale(x, by):
        return x.ravel(order="K").reshape(x.shape) * by

    assert "transposed arrays differs" in found(MemoryLayouts, scale, typical)


def test_something_remembered():
    kept = []

    def scale(x, by):
        kept.append(x.mean())
        return x * by + np.mean(kept)

    assert "when another call lies between" in found(NoMemory, scale, typical)


def test_random_numbers():
    def shuffled(x, rng):
        return rng.permutation(x)

    def seeded(x, rng):
        return np.random.default_rng(5).permutation(x)

    def alone(x, rng):
        return np.random.default_rng().permutation(x)

    def arguments(rng):
        return rng.normal(size=30), SEED

    assert found(DrawsFromGenerator, shuffled, arguments) == ""
    assert "generators in different states" in found(DrawsFromGenerator, seeded, arguments)
    assert "not all random numbers come from rng" in found(DrawsFromGenerator, alone, arguments)
    assert found(DrawsFromGenerator, lambda x, rng: None, arguments) == ""  # says nothing about rng


def test_numbers_that_are_rounding_of_the_arguments_are_zero():
    def arguments(rng):
        return (rng.normal(3, 1, 50),)

    def about_zero(x):
        return np.mean(x - np.mean(x))

    def rounded_to_thousandths(x):
        return np.mean(x - np.mean(x)) + (1e-3 if x.dtype == np.float32 else 0)

    def not_a_number(x):
        return np.full(3, np.nan if x.dtype == np.float32 else 0.0)

    assert found(Float32, about_zero, arguments) == ""
    assert "differs from that in 64 bits" in found(Float32, rounded_to_thousandths, arguments)
    assert "differs from that in 64 bits" in found(Float32, not_a_number, arguments)


class Pair(Backward, Integers):
    integers = (1,)


def f_backward(dout, cache):
    return dout * cache


def pair_arguments(rng):
    return rng.normal(size=(3, 3)), rng.normal(size=(3, 3))


def test_a_backward_pass_isnt_blamed_for_its_forward_pass():
    def truncating(x):
        return np.zeros_like(x) + (x / 7).astype(x.dtype), (x / 7).astype(x.dtype)

    def right(x):
        return x / 7, x / 7

    assert found(Pair, f_backward, pair_arguments, f_forward=truncating) == ""
    assert found(Pair, f_backward, pair_arguments, f_forward=right) == ""


def test_a_backward_pass_is_blamed_for_itself():
    def right(x):
        return x / 7.0, x

    def f_backward(dout, cache):
        out = np.zeros_like(cache)
        out[:] = dout * cache
        return out

    assert "as floats" in found(Pair, f_backward, pair_arguments, f_forward=right)


def test_a_backward_pass_that_raises_isnt_blamed_for_its_arguments():
    class Unchanged(Backward, ArgumentsUnchanged):
        pass

    def f_backward(dout, cache):
        return dout @ cache[:2]

    def f_forward(x):
        return x / 7, x / 7

    assert found(Unchanged, f_backward, pair_arguments, f_forward=f_forward) == ""
