"""The reference is asked once, and nobody can tell."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.judging.reference_cache import Remembered
from autograder.model.values import frozen


@pytest.fixture
def asked() -> list[str]:
    """The names of the functions that were really called."""
    return []


@pytest.fixture
def module(asked: list[str]) -> ModuleType:
    def doubled(x: Any, times: int = 2) -> Any:
        """Double."""
        asked.append("doubled")
        return np.asarray(x) * times

    def pair(x: Any) -> Any:
        asked.append("pair")
        return np.asarray(x) + 1, {"x": [np.asarray(x)]}

    def spoils(x: Any) -> Any:
        asked.append("spoils")
        x += 1
        return x.copy()

    def boxed(x: Any) -> Any:
        asked.append("boxed")
        return type("Box", (), {"x": x})()

    def draw(rng: np.random.Generator) -> Any:
        asked.append("draw")
        return rng.normal()

    def fails(x: Any) -> Any:
        asked.append("fails")
        raise ValueError("no")

    found = ModuleType("found")
    vars(found).update(doubled=doubled, pair=pair, spoils=spoils, boxed=boxed, draw=draw, fails=fails, EPS=1e-5, Kind=dict)
    return found


def test_the_same_question_is_asked_once(module, asked):
    memory, x = Remembered(module), np.arange(3.0)
    for _ in range(3):
        assert memory.doubled(x).tolist() == [0, 2, 4]
        assert memory.doubled(x, times=3).tolist() == [0, 3, 6]
    assert len(asked) == 2
    assert memory.doubled.__doc__ == "Double." and memory.EPS == 1e-5 and memory.Kind is dict
    with pytest.raises(AttributeError, match="nothing"):
        memory.nothing  # noqa: B018


X = np.array([[1.0, np.nan], [0.0, 2.0]])


@pytest.mark.parametrize(
    ("one", "other"),
    [(X, X + 1e-16), (X, X.astype(np.float32)), (X, X.T), (X, X.ravel()), (X, X.tolist()), (0.0, -0.0), (1, 1.0), (1, True), ([1], (1,))],
)
def test_another_question_is_asked(module, asked, one, other):
    memory = Remembered(module)
    memory.doubled(one)
    memory.doubled(other)
    assert len(asked) == 2


def test_an_answer_belongs_to_who_has_asked(module):
    """What one test does to it, the next one doesn't see; neither does it matter what becomes of the arguments."""
    memory, x = Remembered(module), np.arange(3.0)
    out, cache = memory.pair(x)
    out += 7
    cache["x"][0][:] = 7
    cache["y"] = 1
    again, same = memory.pair(np.arange(3.0))
    assert again.tolist() == [1, 2, 3] and same["x"][0].tolist() == [0, 1, 2] and list(same) == ["x"]


def test_what_is_no_function_of_data_is_called_each_time(module, asked):
    memory, rng = Remembered(module), np.random.default_rng(0)
    assert memory.draw(rng) != memory.draw(rng)
    assert memory.boxed(1) is not memory.boxed(1)
    x = np.zeros(2)
    assert memory.spoils(x).tolist() == [1, 1] and memory.spoils(x).tolist() == [2, 2]
    assert memory.spoils(np.zeros(2)).tolist() == [1, 1] and memory.spoils(y := np.zeros(2)).tolist() == [1, 1] and y.tolist() == [1, 1]
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            memory.fails(1)
    assert [asked.count(name) for name in ("draw", "boxed", "spoils", "fails")] == [2, 2, 4, 2]


def test_memory_is_bounded(module, asked):
    memory = Remembered(module, room=100_000)
    for number in range(100):
        memory.doubled(np.full(1000, float(number)))
        assert len(memory._answers) <= 100_000 / 16_000
    memory.doubled(np.full(1000, 99.0))
    assert len(asked) == 100


@pytest.mark.parametrize("value", [object(), np.random.default_rng(0), len, np.array([object()]), [{"a": {1}}], np.array(["a"])])
def test_what_is_no_data_cannot_be_frozen(value):
    with pytest.raises(TypeError):
        frozen(value)
