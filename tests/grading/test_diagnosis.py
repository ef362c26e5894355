"""A misconception is named by what a function does: whatever its code, its cache, its order of draws; and nothing else is named."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from autograder.judging import diagnosis
from autograder.judging.diagnosis import Answer
from autograder.judging.grading import judge
from autograder.judging.known_answers import catalogue
from autograder.model.course import PACKAGE, HiddenModules, find_course, grade_id, source_of
from coursekit.student import LocalStudent, Raised, TimedOut

COURSE = find_course(Path(__file__).parent)
NEURONS = HiddenModules(PACKAGE, "neurons_and_backprop")


def solution(slug: str) -> dict[str, object]:
    """Return the functions of the solution notebook, which keep caches of their own."""
    import json

    lecture = COURSE.lecture(slug)
    namespace: dict[str, object] = {"np": np}
    for cell in json.loads(lecture.source.read_text())["cells"]:
        if grade_id(cell) in lecture.points:
            exec(source_of(cell), namespace)
    return namespace


def all_named(slug: str, exercise: str, function) -> list[str]:
    functions = {**solution(slug), exercise: function}
    (result,) = judge(HiddenModules(PACKAGE, slug), LocalStudent(functions), {exercise: 10.0})
    assert result.status == "failed"
    return [found.id for found in result.misconceptions]


def named(slug: str, exercise: str, function) -> str | None:
    return next(iter(all_named(slug, exercise, function)), None)


def test_a_backward_pass_is_recognised_behind_another_cache():
    def constants(dout, cache):
        x_hat, _, std, gamma = cache
        return dout * gamma / std, (dout * x_hat).sum(0), dout.sum(0)

    assert named("batch_normalization", "batchnorm_backward", constants) == "statistics_as_constants"


def test_an_optimiser_is_recognised_whatever_its_state_is():
    def uncorrected(theta, grad, state, lr=0.001, beta1=0.9, beta2=0.999, eps=1e-8):
        first, second = state or (0, 0)
        first, second = beta1 * first + (1 - beta1) * grad, beta2 * second + (1 - beta2) * np.asarray(grad, float) ** 2
        return theta - lr * first / (second**0.5 + eps), (first, second)

    def stored(theta, grad, state, lr=0.01, eps=1e-8):
        state["sum"] = state.get("sum", 0) + np.asarray(grad, float) ** 2
        return theta - lr * grad / (state["sum"] ** 0.5 + eps), state

    assert named("adaptive_optimizers", "adam_step", uncorrected) == "adam_step_without_bias_correction"
    assert named("adaptive_optimizers", "adagrad_step", stored) == "adagrad_step_state_in_place"


def test_beside_a_mistake_of_substance_the_slip_is_named_that_explains_most():
    def uncorrected_without_epsilon(theta, grad, state, lr=0.002, beta1=0.9, beta2=0.999, eps=1e-8):
        m = beta1 * state.get("m", 0.0) + (1 - beta1) * grad
        u = np.maximum(beta2 * state.get("u", 0.0), np.abs(grad))
        with np.errstate(all="ignore"):
            return theta - lr * m / u, {"m": m, "u": u}

    names = all_named("adaptive_optimizers", "adamax_step", uncorrected_without_epsilon)
    assert names == ["adamax_step_without_bias_correction", "adamax_step_without_epsilon"]


def test_right_numbers_in_an_answer_of_another_form_are_not_called_a_slip():
    def without_state(theta, grad, state, lr=0.01, eps=1e-8):
        return theta - lr * grad / (abs(grad) + eps)

    assert all_named("adaptive_optimizers", "adagrad_step", without_state) == ["adagrad_step_only_the_first"]


def test_draws_are_compared_by_distribution():
    def fan_out_for_fan_in(fan_in, fan_out, rng):
        return rng.normal(size=(fan_out, fan_in)).T * (2 / fan_out) ** 0.5

    def own_generator(fan_in, fan_out, rng):
        return np.random.default_rng(12345).normal(0, (2 / fan_in) ** 0.5, (fan_in, fan_out))

    assert named("initialization", "he_normal", fan_out_for_fan_in) == "he_normal_fan_out"
    assert "seed" in named("initialization", "he_normal", own_generator)


@pytest.mark.parametrize("factor", [1.05, -1.0])
def test_what_is_wrong_in_no_known_way_is_not_named(factor):
    right = solution("batch_normalization")["update_running"]
    assert named("batch_normalization", "update_running", lambda *args, **kwargs: factor * right(*args, **kwargs)) is None


def test_two_mistakes_at_once_are_not_taken_for_one():
    def swapped_and_halved(running, batch_value, momentum=0.9):
        return 0.5 * (np.asarray(running) * (1 - momentum) + np.asarray(batch_value) * momentum)

    assert named("batch_normalization", "update_running", swapped_and_halved) is None


def test_a_mistake_keeps_its_name_beside_a_slip():
    def constants_in_place(dout, cache):
        x_hat, _, std, gamma = cache
        dgamma, dbeta = (dout * x_hat).sum(0), dout.sum(0)
        dout *= gamma / std
        return dout, dgamma, dbeta

    first, *others = all_named("batch_normalization", "batchnorm_backward", constants_in_place)
    assert first == "statistics_as_constants"
    assert len(others) == 1 and "in_place" in others[0]


def test_two_mistakes_in_two_aspects_have_two_names():
    def constants_and_averaged(dout, cache):
        x_hat, _, std, gamma = cache
        return dout * gamma / std, (dout * x_hat).mean(0), dout.mean(0)

    found = all_named("batch_normalization", "batchnorm_backward", constants_and_averaged)
    assert set(found) == {"statistics_as_constants", "parameter_gradients_averaged"}


def test_a_mistake_in_one_aspect_isnt_named_by_one_that_goes_on_in_another():
    def only_dgamma_per_example(dout, cache):
        x_hat, _, std, gamma = cache
        dx = gamma / std * (dout - dout.mean(0) - x_hat * (dout * x_hat).mean(0))
        return dx, dout * x_hat, dout.sum(0)

    assert "parameter_gradients_per_example" not in all_named("batch_normalization", "batchnorm_backward", only_dgamma_per_example)


def alike(*pairs: tuple[Answer, Answer]) -> bool:
    return diagnosis.alike("f", [one for one, _ in pairs], [other for _, other in pairs])


def said(answer, random=False, arguments=()) -> Answer:
    return Answer("f", random, answer, arguments)


def test_answers_are_alike_up_to_rounding():
    x = np.array([1.0, 2.0])
    assert alike((said(x), said(x * (1 + 1e-9))))
    assert not alike((said(x), said(x * (1 + 1e-3))))
    assert not alike((said(x), said(x[None])))
    assert not alike((said(x), said(None)))
    assert alike((said((x, 3)), said([x, 3])))
    assert alike((said(x), said([1.0, 2.0]))) and alike((said([1.0, 2.0]), said(x)))
    assert not alike((said(x), said([1.0, 2.5]))) and not alike((said(x), said([1.0, None])))
    assert not alike((said(x), said([x, 1.0])))
    assert not alike((said({"a": x}), said({"b": x})))
    assert alike((said(np.array([np.nan])), said(np.array([np.nan]))))


def test_arguments_that_were_changed_tell_answers_apart():
    x = np.ones(2)
    assert alike((said(x, arguments=(x,)), said(x, arguments=(x,))))
    assert not alike((said(x, arguments=(x,)), said(x, arguments=(2 * x,))))


def test_errors_are_alike_by_type():
    def failed(error) -> Answer:
        return Answer("f", False, error=error)

    one, same, other = Raised("f", "ValueError", "a"), Raised("f", "ValueError", "b"), Raised("f", "KeyError", "a")
    assert alike((failed(one), failed(same)))
    assert not alike((failed(one), failed(other)))
    assert not alike((failed(one), failed(TimedOut("f", 1))))
    assert not alike((failed(one), said(1.0)))


def test_draws_are_alike_by_distribution_and_by_what_repeats():
    rng = np.random.default_rng(0)
    a, b, c = (rng.normal(size=2000) for _ in range(3))
    assert alike((said(a, True), said(b, True)))
    assert not alike((said(a, True), said(2 * b, True)))
    assert not alike((said(a), said(b))), "answers that aren't random must be equal"
    assert alike((said(a, True), said(b, True)), (said(b, True), said(c, True)))
    assert not alike((said(a, True), said(b, True)), (said(a, True), said(c, True))), "one repeats itself, the other doesn't"


def test_nothing_is_alike_nothing():
    assert not diagnosis.alike("f", [], [])
    assert not diagnosis.alike("f", [said(1.0)], [])


def test_a_slip_is_told_from_another_by_the_answers_beside_a_slip_without_numbers():
    def inside_and_in_place(theta, grad, state, lr=0.01, eps=1e-8):
        s = state.get("s", 0) + grad**2
        theta -= lr * grad / np.sqrt(s + eps)
        return theta, {"s": s}

    names = all_named("adaptive_optimizers", "adagrad_step", inside_and_in_place)
    assert names == ["adagrad_step_theta_in_place", "adagrad_step_epsilon_inside_the_root"]


def test_numbers_that_are_wrong_for_an_unknown_reason_are_not_called_a_slip():
    def per_example(dout, cache):
        gamma = cache[-1]
        return gamma * np.sin(dout), dout * cache[0], dout

    assert all_named("batch_normalization", "batchnorm_backward", per_example) == ["parameter_gradients_per_example"]


def test_a_function_that_was_never_called_gets_no_name():
    functions = solution("convolution") | {"max_pool_forward": lambda x, size=2, stride=2: None}
    (result,) = judge(HiddenModules(PACKAGE, "convolution"), LocalStudent(functions), {"max_pool_backward": 10.0})
    assert result.score == 0 and result.misconceptions == ()


def test_a_tuple_is_recognised_whatever_its_length():
    for more in ((), (1,), (1, 2)):

        def in_a_tuple(dout, cache, more=more):
            return (solution_of_pooling(dout, cache), *more)

        assert named("convolution", "max_pool_backward", in_a_tuple) == "max_pool_backward_in_a_tuple"


def solution_of_pooling(dout, cache):
    return solution("convolution")["max_pool_backward"](dout, cache)


def test_the_paths_of_a_gradient_are_explained_one_by_one():
    def two_mistakes(dout, cache):
        x_hat, _, std, gamma = cache
        dx = gamma * dout - gamma / std * x_hat * (dout * x_hat).mean(0)
        return dx - dx.mean(0), (dout * x_hat).sum(0), dout.sum(0)

    assert all_named("batch_normalization", "batchnorm_backward", two_mistakes) == ["backward_without_deviation"]


def test_a_test_may_say_what_it_found_in_random_answers():
    def swapped_and_unscaled(x, rate, rng, training=True):
        mask = (rng.random(np.shape(x)) < rate) * 1.0 if training else np.ones(np.shape(x))
        return x * mask, mask

    def rows_of_weights(x, W, b, rate, rng, training=True):
        mask = (rng.random((len(W), 1)) >= rate) / (1 - rate) if training else 1.0
        return x @ (W * mask) + b, mask

    assert all_named("dropout", "dropout_forward", swapped_and_unscaled) == ["forward_mask_swapped", "forward_not_scaled"]
    assert all_named("dropout", "dropconnect_forward", rows_of_weights) == ["connect_mask_per_row"]


def test_what_is_not_random_is_not_called_a_fixed_seed():
    def without_a_draw(n_in, n_out, rng):
        if not n_out <= n_in <= 2 * n_out:
            raise ValueError("it doesn't fit")
        return np.cumsum([2] * (n_in - n_out) + [1] * (2 * n_out - n_in))

    assert "regions_without_zero" in all_named("dropout", "fractional_pool_regions", without_a_draw)
    assert not {"reseeded", "ignored"} & {name.split("_")[-1] for name in all_named("dropout", "fractional_pool_regions", without_a_draw)}


def test_an_argument_written_into_by_index_is_changed_in_place():
    def by_index(x, rate, rng):
        x[rng.random(np.shape(x)) < rate] = 0
        return x

    assert all_named("dropout", "vanilla_dropout_train", by_index) == ["vanilla_dropout_train_in_place"]


def test_known_answers_that_overflow_do_not_warn():
    """In a kernel a warning would be an output of the cell, for which nbgrader gives no points."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        student = LocalStudent({**vars(catalogue(NEURONS).reference), "softmax": lambda z: np.zeros(np.shape(z))})
        judge(NEURONS, student, {"softmax": 2.0})
    assert warned == []
