"""The reference of lecture 2, held against SciPy and NumPy, against plain definitions, and against the notebook's solution."""

import itertools

import numpy as np
import pytest
from scipy import linalg, stats

from autograder.reference import data_pipelines as reference
from coursekit.streams import Source

TOLERANCE = {"rtol": 1e-9, "atol": 1e-9}
SHAPES = [(7, 4), (12, 3), (5, 5), (4, 6)]
NAMES = "shuffle_buffer", "interleave", "batch", "prefetch"


@pytest.fixture
def rng():
    return np.random.default_rng(1901)


@pytest.fixture(params=["reference", "solution"])
def functions(request, solution):
    return vars(reference) if request.param == "reference" else solution


@pytest.mark.parametrize("shape", [(7, 4), (3, 2, 4, 5), (1, 3)])
def test_centred_data_have_mean_zero(rng, functions, shape):
    X = rng.normal(3, 2, shape)
    centred, mean = functions["center"](X)
    np.testing.assert_allclose(np.sum(centred, axis=0), np.zeros(shape[1:]), atol=1e-9)
    np.testing.assert_allclose(centred + mean, X, **TOLERANCE)


def test_channel_mean_is_the_mean_images_mean(rng, functions):
    images = rng.normal(size=(4, 3, 5, 2))
    np.testing.assert_allclose(functions["channel_mean"](images), functions["center"](images)[1].mean(axis=(1, 2)), **TOLERANCE)


def test_standardized_is_scipys_z_map(rng, functions):
    X_train, X_test = rng.normal(3, 2, (9, 4)), rng.normal(1, 5, (5, 4))
    found = functions["standardize"](X_train, X_test, 0.0)
    for one, X in zip(found, (X_train, X_test), strict=True):
        np.testing.assert_allclose(one, stats.zmap(X, X_train, axis=0), **TOLERANCE)
    with_eps = functions["standardize"](X_train, X_test, 0.5)[1]
    np.testing.assert_allclose(with_eps * (1 + 0.5 / X_train.std(axis=0)), found[1], **TOLERANCE)


@pytest.mark.parametrize("shape", SHAPES)
def test_components_are_eigenvectors_of_scipys_covariance(rng, functions, shape):
    X, k = rng.normal(2, 1, shape), min(shape) - 1
    components, variances = functions["pca"](X, k)
    values, vectors = linalg.eigh(np.cov(X.T, bias=True))
    np.testing.assert_allclose(variances, values[::-1][:k], **TOLERANCE)
    np.testing.assert_allclose(np.abs(components @ vectors[:, ::-1][:, :k]), np.eye(k), atol=1e-8)


@pytest.mark.parametrize("eps", [1e-5, 0.3])
@pytest.mark.parametrize("shape", SHAPES)
def test_white_data_have_the_covariance_that_eps_leaves(rng, functions, shape, eps):
    X = rng.normal(2, 1, shape)
    white = functions["whiten"](X, eps)
    values = np.maximum(linalg.eigvalsh(np.cov(X.T, bias=True))[::-1], 0)
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.diag(values / (values + eps)), atol=1e-8)
    inner = (X - X.mean(axis=0)) @ linalg.inv(np.cov(X.T, bias=True) + eps * np.eye(shape[1])) @ (X - X.mean(axis=0)).T
    np.testing.assert_allclose(white @ white.T, inner, atol=1e-6)


@pytest.mark.parametrize(("N", "size"), [(0, 2), (5, 1), (5, 3), (4, 9)])
def test_orders_of_a_shuffle_buffer_are_those_of_its_definition(functions, N, size):
    def possible(buffer, rest):
        if not buffer:
            yield ()
        for place in range(len(buffer)):
            left = buffer[:place] + rest[:1] + buffer[place + 1 :]
            yield from ((buffer[place], *order) for order in possible(left, rest[1:]))

    items = tuple(range(N))
    wanted = set(possible(items[:size], items[size:]))
    found = {tuple(functions["shuffle_buffer"](items, size, np.random.default_rng(seed))) for seed in range(800)}
    assert found == wanted


def test_interleave_is_a_round_of_slots(rng, functions):
    def by_rounds(sources, slots):
        """Go round the slots; one takes the next source when its own has ended."""
        waiting, open_ones = list(map(list, sources)), []
        open_ones, waiting = waiting[:slots], waiting[slots:]
        turn = 0
        while open_ones:
            turn %= len(open_ones)
            while not open_ones[turn] and waiting:
                open_ones[turn] = waiting.pop(0)
            if open_ones[turn]:
                yield open_ones[turn].pop(0)
                turn += 1
            else:
                del open_ones[turn]

    for _ in range(200):
        sources = [[10 * k + i for i in range(rng.integers(0, 4))] for k in range(rng.integers(0, 6))]
        slots = int(rng.integers(1, 6))
        assert list(functions["interleave"](sources, slots)) == list(by_rounds(sources, slots))


@pytest.mark.parametrize("drop", [False, True])
@pytest.mark.parametrize(("N", "size"), [(0, 2), (6, 3), (7, 3), (2, 5)])
def test_batches_are_the_slices_of_a_list(functions, N, size, drop):
    right = [list(range(N))[k : k + size] for k in range(0, N, size)]
    assert list(functions["batch"](iter(range(N)), size, drop)) == [one for one in right if len(one) == size or not drop]


@pytest.mark.parametrize("size", [1, 3])
def test_prefetch_changes_nothing_but_the_time(functions, size):
    assert list(functions["prefetch"](iter(range(50)), size)) == list(range(50))
    source = Source("abc", error=LookupError("no d"))
    found = functions["prefetch"](source, size)
    assert list(itertools.islice(found, 3)) == ["a", "b", "c"]
    with pytest.raises(LookupError, match="no d"):
        next(found)
    source = Source(itertools.count())
    found = functions["prefetch"](source, size)
    next(found)
    assert source.wait_for(1 + size, 10)
    found.close()
    assert 1 + size <= source.taken <= 2 + size


@pytest.mark.parametrize("name", NAMES)
def test_pipelines_take_nothing_before_they_are_asked(functions, name):
    source = Source(itertools.count())
    arguments = {"interleave": ([source, Source("a")], 2), "shuffle_buffer": (source, 2, np.random.default_rng(0))}
    functions[name](*arguments.get(name, (source, 2)))
    assert source.taken == 0
