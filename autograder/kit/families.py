"""Misconceptions that many functions share: a right function, and one change of its arguments or its answer.

A catalogue registers a member by assigning it to a name of its module::

    inference_in_place = in_place("batchnorm_inference", right.batchnorm_inference, see="05 §4")
    inference_with_its_own_eps = fixed_number("batchnorm_inference", right.batchnorm_inference, see="05 §4", name="eps", value=1e-6)

`right` is the reference's module; any right function will do. `position` or `name` says which argument is meant, the first by default.
Title, text and severity can be given where the family's own don't fit; ``{argument}`` in them stands for the name of the argument.
A second member of one family for the same exercise is told from the first by `called`, its id, in which ``{stem}`` stands for the
exercise's name without its last word.

`members` makes one of each family for several exercises::

    STEPS = {"adagrad_step": "08 §2", "rmsprop_step": "08 §3"}
    IN_EVERY_STEP = members(STEPS, vars(right), cut_off, partial(fixed_number, name="eps", value=1e-6, called="{stem}_with_epsilon_1e_6"))

`table` makes many misconceptions of one exercise, one in each row.
`changed_items` makes a table of wrong answers of a right function that returns a tuple, each with its own change of the items.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder.judging.known_answers import Severity, misconception

Function = Callable[..., Any]


def family(title: str, text: str, severity: Severity, **defaults: Any) -> Callable[[Function], Callable[..., Function]]:
    """Make a family of a change: a function that gets a right function, the options of the member, and the call's arguments.

    Parameters
    ----------
    title, text : str
        The title and the explanation of a member.
    severity : {"slip", "part", "core"}
    defaults : dict
        Options that a member may leave out.
    """

    def of_change(change: Function) -> Callable[..., Function]:
        def member(
            exercise: str,
            right: Function,
            *,
            see: str,
            title: str = title,
            text: str = text,
            severity: Severity = severity,
            called: str = "",
            with_forward: Function | None = None,
            **options: Any,
        ) -> Function:
            options = defaults | options
            parameters = inspect.signature(right).parameters
            names = list(parameters)
            if options.get("name"):
                options["position"] = names.index(options["name"])
            elif "position" in options:
                options["name"] = names[options["position"]]
            if "value" in options and options["value"] is None:
                options["value"] = parameters[options["name"]].default
            options["is_forward"] = exercise.endswith("_forward")

            @functools.wraps(right)
            def answer(*args: Any, **kwargs: Any) -> Any:
                return change(right, options, *args, **kwargs)

            words = {"argument": options.get("name", ""), "exercise": exercise, "stem": exercise.rpartition("_")[0], **options}
            answer.__name__, answer.__doc__ = called.format(**words) or f"{exercise}_{change.__name__}", text.format(**words)
            answer.__module__ = _catalogue()
            answer.family = (change, right, options)  # type: ignore[attr-defined]
            return misconception(exercise, severity, title=title.format(**words), see=see, with_forward=with_forward)(answer)

        return member

    return of_change


def _catalogue() -> str:
    """Return the name of the module that makes a member: the nearest caller outside this one."""
    frame = sys._getframe(1)
    while frame.f_globals["__name__"] == __name__ and frame.f_back:
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


def members(sections: Mapping[str, str], right: Mapping[str, Any], *families: Callable[..., Function]) -> list[Function]:
    """Make a member of each family for each exercise; a catalogue registers them by assigning the list to a name of its module.

    Parameters
    ----------
    sections : mapping
        The names of the exercises, each with the section that explains the mistake.
    right : mapping
        A right function for each, by the exercise's name: ``vars(reference)``.
    *families
        The families; options are given as ``partial(fixed_number, name="eps")``.
    """
    return [one(exercise, right[exercise], see=see) for exercise, see in sections.items() for one in families]


@family("", "", "part")
def _otherwise(right, options, *args, **kwargs):
    return options["of"](options["how"], *args, **kwargs, **{name: options[name] for name in options["further"]})


def variants(exercise: str, see: str, right: Function, of: Function, answers: Mapping[str, tuple[Any, ...]]) -> list[Function]:
    """Make wrong answers that differ from each other in one place; a catalogue registers them as those of `members`::

        FORWARD = variants("conv2d_forward", "12 §5", right.conv2d_forward, _forward_as, {
            "forward_without_bias": ("part", "The bias is forgotten", "You never added b. …", lambda x, W, b, stride, pad: …),
        })

    Parameters
    ----------
    exercise, see : str
    right : callable
        A right function, whose signature they have.
    of : callable
        What they have in common: an answer is ``of(how, *arguments)``.
    answers : mapping of str to (severity, title, explanation, how) or (severity, title, explanation, how, further)
        By id. `how`, most often a lambda, is the place in which they differ; `further`, a mapping, holds more keywords for `of`.
    """
    made = []
    for called, (severity, title, text, how, *rest) in answers.items():
        further = dict(*rest)
        for function in (how, *further.values()):
            if getattr(function, "__name__", "") == "<lambda>":
                function.__name__ = called
        words: dict[str, Any] = {"severity": severity, "title": title, "text": text}
        made.append(_otherwise(exercise, right, see=see, called=called, of=of, how=how, further=tuple(further), **words, **further))
    return made


@family("", "", "part")
def items_changed(right, options, *args, **kwargs):
    """Return what `code` makes of the items of the right answer, and of the arguments."""
    return options["code"](*right(*args, **kwargs), *args, **kwargs)


def changed_items(exercise: str, see: str, right: Function, answers: Mapping[str, tuple[Severity, str, str, Function]]) -> list[Function]:
    """Make wrong answers of a right function that returns a tuple; a catalogue registers them as those of `members`::

        DENSE_BACKWARD = changed_items("dense_backward", "01 §4", right.dense_backward, {
            "back_averaged": ("part", "dW is averaged", "You divided dW by N. …", lambda dx, dW, db, dout, cache: (dx, dW / len(dx), db)),
        })

    Parameters
    ----------
    exercise, see : str
    right : callable
        Any function of the exercise's arguments that returns a tuple: a right answer, or what is computed on the way to it.
    answers : mapping of str to (severity, title, explanation, lambda)
        As for `known_answers.misconceptions`. The lambda gets the items of the tuple, and then the exercise's arguments.
    """
    made = []
    for called, (severity, title, text, code) in answers.items():
        code.__name__ = called
        made.append(items_changed(exercise, right, see=see, title=title, text=text, severity=severity, called=called, code=code))
    return made


@family(
    "{argument} is changed in place",
    "An operation such as `{argument} -= …` or `{argument}[…] = …` writes into the caller's array, which is needed afterwards. Make a new "
    "array, as `{argument} = {argument} - …` does.",
    "slip",
    position=0,
    casting="same_kind",
)
def in_place(right, options, *args, **kwargs):
    answer = right(*(np.array(arg) if isinstance(arg, np.ndarray) else arg for arg in args), **kwargs)
    argument = args[options["position"]]
    if isinstance(argument, np.ndarray):  # `-=` makes a new number of a number
        np.subtract(argument, 0.5, out=argument, casting=options["casting"])  # "unsafe", as `argument[…] = …` is: integers are no error
    return answer


@family(
    "The shape is lost",
    "Your numbers come back in one long row, as `np.ravel` makes it. The answer has the shape of {argument}: end with "
    "`.reshape({argument}.shape)`, or use NumPy's functions of whole arrays, which keep it.",
    "part",
    position=0,
)
def flattened(right, options, *args, **kwargs):
    answer = right(*args, **kwargs)
    return (np.ravel(answer[0]), *answer[1:]) if isinstance(answer, tuple) else np.ravel(answer)


@family(
    "Made for two dimensions only",
    "Your function asks for the shape (N, D) of {argument}, so images of shape (N, C, H, W) and single examples raise an error. Write it "
    "for arrays of any shape: `{argument}.shape`, whatever that is.",
    "slip",
    position=0,
)
def for_two_dimensions(right, options, *args, **kwargs):
    if np.ndim(args[options["position"]]) != 2:
        raise ValueError("two dimensions are wanted")
    return right(*args, **kwargs)


@family(
    "The result has the integers' type",
    "You wrote the result into an array made with `zeros_like` or `empty_like` of {argument}, or converted it with `astype`. Where "
    "{argument} holds integers, that cuts off everything behind the decimal point. Make the array with dtype float.",
    "slip",
    position=0,
)
def cut_off(right, options, *args, **kwargs):
    like = np.asarray(args[options["position"]])
    answer = right(*args, **kwargs)
    if like.dtype.kind not in "iu":
        return answer
    if isinstance(answer, tuple):
        cut = [item.astype(like.dtype) if isinstance(item, np.ndarray) else item for item in answer]
        return (cut[0], answer[1]) if options["is_forward"] else tuple(cut)
    return np.asarray(answer).astype(like.dtype)


@family(
    "{argument} is a fixed number",
    "You wrote {value:g} where {argument} belongs. The caller may pass another {argument}, and the default may be another number, too.",
    "slip",
    value=None,  # the default of the argument
)
def fixed_number(right, options, *args, **kwargs):
    args = list(args)
    if len(args) > options["position"]:
        args[options["position"]] = options["value"]
    else:
        kwargs[options["name"]] = options["value"]
    return right(*args, **kwargs)


@family(
    "The default of {argument} is another number",
    "Where no {argument} is passed, your function takes {value:g}. The line with `def` said which default is wanted: leave it as it was.",
    "slip",
)
def other_default(right, options, *args, **kwargs):
    if len(args) <= options["position"]:
        kwargs = {options["name"]: options["value"]} | kwargs
    return right(*args, **kwargs)


def with_generators(make, right, args, kwargs):
    """Call a right function with a generator that `make` makes in place of each that is passed."""
    fresh = [make() if isinstance(arg, np.random.Generator) else arg for arg in args]
    named = {name: make() if isinstance(arg, np.random.Generator) else arg for name, arg in kwargs.items()}
    return right(*fresh, **named)


@family(
    "rng isn't used",
    "You draw from a generator of your own. Draw from rng, which the caller passes: only then can a run be repeated.",
    "part",
)
def generator_ignored(right, options, *args, **kwargs):
    return with_generators(np.random.default_rng, right, args, kwargs)


@family(
    "Every call draws the same numbers",
    "You make a generator with a fixed seed in the function, so every call draws the same numbers. Draw from rng, which the caller passes.",
    "part",
)
def reseeded(right, options, *args, **kwargs):
    return with_generators(lambda: np.random.default_rng(0), right, args, kwargs)


@family("The sign is wrong", "Your answer has the right size and the wrong sign.", "core")
def negated(right, options, *args, **kwargs):
    answer = right(*args, **kwargs)
    if isinstance(answer, tuple):
        return (-answer[0], *answer[1:])
    return -answer


@family(
    "More is returned than is asked for",
    "You return a tuple with the answer in it. This function returns the array alone: write `return out`.",
    "part",
)
def in_a_tuple(right, options, *args, **kwargs):
    return right(*args, **kwargs), ...


@family(
    "A list is returned",
    "You return a list of numbers. The next layer computes with it, so that it has to be an array: `np.array(...)` makes one of a list.",
    "slip",
)
def as_list(right, options, *args, **kwargs):
    answer = right(*args, **kwargs)
    return [item.tolist() for item in answer] if isinstance(answer, tuple) else answer.tolist()


@family(
    "Only {first} is returned",
    "You return {first} alone, where {all} are asked for. Return them all, in this order, with commas between them.",
    "part",
)
def only_the_first(right, options, *args, **kwargs):
    return right(*args, **kwargs)[0]


@family(
    "Nothing is returned",
    "Your function ends without a `return`, so its caller gets None. `print` shows a number to you and hands it to nobody: end with "
    "`return …`.",
    "core",
)
def nothing_returned(right, options, *args, **kwargs):
    right(*args, **kwargs)


@family(
    "{argument} is never computed",
    "Your {argument} is {filler}, as it was made at the beginning. It has an equation of its own: the other gradients don't stand for it.",
    "part",
    filler="zero",
)
def left_out(right, options, *args, **kwargs):
    answer = right(*args, **kwargs)
    filled = [0.0 * item if options["filler"] == "zero" else None for item in answer]
    return tuple(filled[number] if number == options["output"] else item for number, item in enumerate(answer))


@family(
    "Fractions are added to an array of integers",
    "You made the result with `zeros_like`. Where it is like an array of integers, `+=` with fractions raises. Make it with dtype float.",
    "slip",
    position=0,
    item=0,  # of a cache
)
def added_to_integers(right, options, *args, **kwargs):
    like = args[options["position"]]
    like = like[options["item"]] if isinstance(like, tuple) else like
    result = np.zeros_like(like)
    result += np.zeros(like.shape)
    return right(*args, **kwargs)


@family("", "", "slip")  # without a title it is a right answer
def in_single_precision(right, options, *args, **kwargs):
    """Return the right answer in 32-bit floats; of a forward pass, `out` alone."""

    def single(answer):
        if isinstance(answer, (list, tuple)):
            return [single(item) for item in answer]
        return np.asarray(answer, dtype=np.float32)[()]

    answer = right(*args, **kwargs)
    return (single(answer[0]), answer[1]) if options["is_forward"] else single(answer)


# --- steps of an optimiser: theta, the gradient and the state go in, theta and the state come out ----------------------------


@family(
    "The old state is changed in place",
    "Your numbers are right, but you wrote into the state that was passed. A step is pure: whoever keeps the old state must be able to "
    "take the step again. Make a new state, and leave the old one as it was.",
    "slip",
)
def state_in_place(right, options, theta, grad, state, *args, **kwargs):
    new, new_state = right(theta, grad, dict(state), *args, **kwargs)
    state.update(new_state)
    return new, state


@family(
    "The step goes uphill",
    "You added the step where it is subtracted, or turned a sign on the way to it. Gradients point uphill; θ moves against them.",
    "core",
)
def uphill(right, options, theta, *args, **kwargs):
    new, state = right(theta, *args, **kwargs)
    return 2.0 * theta - new, state


@family(
    "Nothing is remembered",
    "Every step is the first one: what you computed isn't in the state that you return, or isn't read from it. Return it, and begin the "
    "next step with it: `state.get(…)` has a default for the first step.",
    "core",
)
def nothing_remembered(right, options, theta, grad, state, *args, **kwargs):
    return right(theta, grad, {}, *args, **kwargs)


# --- iterators --------------------------------------------------------------------------------------------------------------


@family(
    "A list is returned, nothing is yielded",
    "You returned a list. Nothing comes before all items have been read, and items that never end never come: `yield`.",
    "part",
)
def returns_a_list(right, options, *args, **kwargs):
    return list(right(*args, **kwargs))


@family(
    "All items are read first",
    "You made a list of all items before anything was yielded. Take an item when it is needed: the items may never end.",
    "part",
)
def reads_everything(right, options, items, *args, **kwargs):
    yield from right(list(items), *args, **kwargs)


@family(
    "Works for lists only",
    "You used indices, slices or the length, which lists have and iterators don't. Go through the items with a for loop.",
    "part",
)
def works_for_lists(right, options, items, *args, **kwargs):
    yield from right([items[number] for number in range(len(items))], *args, **kwargs)


@family(
    "Works in advance",
    "You take items when the function is called. A generator begins when its first item is asked for: write `yield` in the function "
    "itself.",
    "slip",
)
def works_in_advance(right, options, *args, **kwargs):
    found = iter(right(*args, **kwargs))
    first = list(itertools.islice(found, 1))
    return itertools.chain(first, found)


@family(
    "None is taken for the end",
    "You take None, or any item that counts as false, for the end of the items. An item may be None or 0: a for loop knows the end.",
    "slip",
)
def until_none(right, options, items, *args, **kwargs):
    return right(itertools.takewhile(lambda item: item is not None, items), *args, **kwargs)


@family(
    "Too few items raise an error",
    "You take the first {argument} items with `next`, which raises StopIteration where there are fewer: inside a generator, that becomes a "
    "RuntimeError. `itertools.islice` takes as many as there are.",
    "slip",
    position=1,
)
def needs_enough(right, options, items, count, *args, **kwargs):
    source = iter(items)
    first = [next(source) for _ in range(count)]
    yield from right(itertools.chain(first, source), count, *args, **kwargs)
