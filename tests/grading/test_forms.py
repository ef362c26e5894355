"""Right numbers in another form than is asked for earn most of the points; nothing else gains by another form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from autograder.judging.forms import MOST_LISTS, MOST_NUMBERS, forms_of
from autograder.judging.grading import grade_cells, judge
from autograder.model.course import PACKAGE, HiddenModules, find_course
from autograder.reference import adaptive_optimizers, batch_normalization, dropout
from autograder.sandbox.host import Cell
from coursekit.student import LocalStudent

FORM = "the form of the answer"


def judged(module, exercises, **functions):
    """Judge exercises of a lecture where some functions are replaced, and return the results by name."""
    student = LocalStudent({**vars(module), **functions})
    slug = Path(module.__file__).stem
    return {result.name: result for result in judge(HiddenModules(PACKAGE, slug), student, dict.fromkeys(exercises, 100.0))}


def forward_in_another_order(x, gamma, beta, eps=1e-5):
    return batch_normalization.batchnorm_forward(x, gamma, beta, eps)[::-1]


def backward_in_another_order(dout, cache):
    dx, dgamma, dbeta = batch_normalization.batchnorm_backward(dout, cache)
    return dgamma, dbeta, dx


def forward_as_lists(x, gamma, beta, eps=1e-5):
    out, cache = batch_normalization.batchnorm_forward(x, gamma, beta, eps)
    return out.tolist(), cache


def step_in_another_order(theta, grad, state, **options):
    return adaptive_optimizers.adagrad_step(theta, grad, state, **options)[::-1]


@pytest.mark.parametrize(
    "module, exercise, function",
    [
        (batch_normalization, "batchnorm_forward", forward_in_another_order),
        (batch_normalization, "batchnorm_forward", forward_as_lists),
        (batch_normalization, "batchnorm_backward", backward_in_another_order),
        (adaptive_optimizers, "adagrad_step", step_in_another_order),
    ],
)
def test_right_numbers_in_another_form_cost_the_form(module, exercise, function):
    result = judged(module, [exercise], **{exercise: function})[exercise]
    assert result.score == pytest.approx(75)
    assert [aspect.name for aspect in result.aspects if aspect.score < aspect.max_score - 1e-9][-1] == FORM
    assert next(test.message for test in result.tests if test.outcome == "failed").startswith(f"{exercise} returned ")
    assert result.misconceptions == ()


def test_the_form_of_a_forward_pass_costs_the_backward_pass_nothing():
    pair = ["batchnorm_forward", "batchnorm_backward"]
    found = judged(batch_normalization, pair, batchnorm_forward=forward_in_another_order, batchnorm_backward=behind_another_order)
    assert [found[name].score for name in pair] == [pytest.approx(75), 100]


def behind_another_order(dout, cache):
    return batch_normalization.batchnorm_backward(dout, cache)


def forward_without_cache(x, gamma, beta, eps=1e-5):
    return batch_normalization.batchnorm_forward(x, gamma, beta, eps)[0]


def behind_the_arguments(dout, cache):
    x, gamma, beta, eps = cache
    return batch_normalization.batchnorm_backward(dout, batch_normalization.batchnorm_forward(x, gamma, beta, eps)[1])


def without_beta(dout, cache):
    return (*behind_the_arguments(dout, cache)[:2], np.zeros(dout.shape[1]))


def without_anything(dout, cache):
    return np.ones(dout.shape), np.ones(dout.shape[1]), np.ones(dout.shape[1])


@pytest.mark.parametrize(
    "backward, least, most",
    [(behind_the_arguments, 100, 100), (behind_another_order, 100, 100), (without_beta, 40, 90), (without_anything, 0, 0)],
    ids=["unpacks the arguments", "unpacks the reference's cache", "one gradient is wrong", "all are wrong"],
)
def test_a_missing_cache_costs_the_backward_pass_nothing(backward, least, most):
    pair = {"batchnorm_forward": forward_without_cache, "batchnorm_backward": backward}
    found = judged(batch_normalization, list(pair), **pair)
    assert 50 < found["batchnorm_forward"].score < 100
    assert least <= found["batchnorm_backward"].score <= most
    alone = judged(batch_normalization, ["batchnorm_backward"], **pair)["batchnorm_backward"]
    assert alone.score == found["batchnorm_backward"].score


CRASHES = """
import numpy as np

def conv2d_forward(x, W, b, stride=1, pad=0):
    if pad > 0:
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("nchwij,fcij->nfhw", windows, W) + np.reshape(b, (1, -1, 1, 1))
    return out, (x, W, b, stride, pad)
"""
BACKWARD = """
def conv2d_backward(dout, cache):
    x, W, b, stride, pad = cache
    (H, width), (KH, KW) = x.shape[2:], W.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    dpadded, dW = np.zeros(padded.shape), np.zeros(W.shape)
    for i, j in np.ndindex(dout.shape[2:]):
        window = np.s_[:, :, i * stride : i * stride + KH, j * stride : j * stride + KW]
        dW += np.tensordot(dout[:, :, i, j], padded[window], axes=(0, 0))
        dpadded[window] += np.tensordot(dout[:, :, i, j], W, axes=1)
    return dpadded[:, :, {rows}, {columns}], dW, dout.sum(axis=(0, 2, 3))
"""
CROPS = {"right": ("pad : pad + H", "pad : pad + width"), "wrong without padding, too": ("pad:-pad", "pad:-pad")}


@pytest.mark.parametrize(("crop", "least", "most"), [("right", 7, 7), ("wrong without padding, too", 5, 6.5)])
def test_a_forward_pass_that_raises_costs_the_backward_pass_nothing(crop, least, most, sandbox):
    code = CRASHES + BACKWARD.format(rows=CROPS[crop][0], columns=CROPS[crop][1])
    lecture = find_course().lecture("12_convolution")
    pair = {name: lecture.points[name] for name in ("conv2d_forward", "conv2d_backward")}
    forward, backward = grade_cells([Cell("the pair", code)], lecture.id, lecture.hidden, pair, sandbox, lecture.limits).exercises
    assert 0.2 < forward.score / forward.max_score < 0.8
    assert least <= backward.score <= most
    namespace: dict[str, object] = {}
    exec(code, namespace)
    assert [each.score for each in judge(lecture.hidden, LocalStudent(namespace), pair)] == [forward.score, backward.score]


def test_nothing_is_made_in_the_place_of_random_numbers():
    def forward(x, rate, rng, training=True):
        raise ValueError

    assert judged(dropout, ["dropout_backward"], dropout_forward=forward)["dropout_backward"].score == 0


def test_wrong_numbers_gain_nothing_by_another_form():
    def wrong(dout, cache):
        return np.ones(dout.shape[1]), np.ones(dout.shape[1]), np.ones(dout.shape)

    assert judged(batch_normalization, ["batchnorm_backward"], batchnorm_backward=wrong)["batchnorm_backward"].score == 0


def test_only_regular_lists_of_a_moderate_size_are_made_into_arrays():
    nested: list = [1.0]
    for _ in range(MOST_LISTS):
        nested = [nested]
    itself: list = []
    itself.append(itself)
    for strange in (
        nested,
        itself,
        [[1.0], [1.0, 2.0]],
        [True],
        ["1"],
        [1j],
        [1 << 5000],
        [],
        [[]],
        [[0.0] * 1000] * (MOST_NUMBERS // 1000 + 1),
    ):
        assert all("list" not in form.message for form in forms_of(strange, first_only=False)), strange
    (form,) = forms_of([[1, 2]], first_only=False)
    assert np.array_equal(form.apply([[1, 2]]), [[1.0, 2.0]])


def test_items_of_one_kind_have_no_other_order():
    assert list(forms_of((3, 5), first_only=False)) == []
