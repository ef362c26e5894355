"""The hidden suite of lecture 9, learning-rate schedules.

A schedule is one formula. What can be right of it by itself is the first rate, that lr0 is a factor, that the rate falls, the kind of the
curve, the rate after one period, and settings other than the usual ones. Where an aspect is about something else, times are whole numbers,
constants have their default values, and rates are thousands, so that rounded rates cost the corner of small rates alone.
"""

from itertools import pairwise

import numpy as np

from autograder.kit.contracts import ArgumentsUnchanged, NoMemory, both
from coursekit import aspect, corner, exercise, expect, worth
from coursekit.expectations import Mismatch, same
from coursekit.student import LocalStudent, copied

RTOL = 3e-7
POINT_FOUR = 0.4  # a factor that is neither 1/2 nor what is left of 1


# --- small helpers --------------------------------------------------------------------------------------------------------


def is_sequence(answer):
    """Tell whether an answer has items."""
    return isinstance(answer, (list, tuple)) or (isinstance(answer, np.ndarray) and answer.ndim > 0)


def only(answer):
    """Return the number in an answer of one number, in whatever form; other answers as they are. The form has a test of its own."""
    for _ in range(3):
        if is_sequence(answer) and len(answer):
            answer = answer[0]
    return answer


def expect_one_number(answer, name):
    """Expect a number in its plain form; which number it is doesn't matter."""
    if is_sequence(answer) or not isinstance(answer, (int, float, complex, np.generic, np.ndarray)):
        expect(answer, name).shaped(())


def rate(answer, name):
    """Expect a rate, and return it as a float."""
    return float(expect(only(answer), name).shaped(()).answer)


def expect_falling(rates, what):
    """Expect positive rates, each lower than the one before."""
    if min(rates) <= 0 or any(b >= a for a, b in pairwise(rates)):
        raise Mismatch("value", f"{what} should be positive and fall, but they are {', '.join(f'{value:.6g}' for value in rates)}")


class OneNumber(NoMemory):
    """What is expected of every schedule.

    Attributes
    ----------
    whole : tuple
        Arguments of which as many as possible are integers.
    counts : tuple of int
        The positions of arguments that are integers in every call.
    """

    whole: tuple
    counts: tuple[int, ...] = ()

    def ask(self, student, *arguments):
        return only(getattr(student, self.exercise)(*arguments))

    @corner("a single number", 0.07)
    def test_a_single_number(self, student, rng):
        """The answer is a single number, and nothing around it."""
        expect_one_number(getattr(student, self.exercise)(*self.arguments(rng)), "the answer")

    @corner("integers", 0.04)
    def test_integers(self, student):
        """Integers in place of floats give the same answer, in each argument alone and in all of them, Python's and NumPy's."""
        usable = [n for n, one in enumerate(self.whole) if not isinstance(one, float) and n not in self.counts]
        floats = [[float(n) for n in one] if isinstance(one, list) else float(one) for one in self.whole]
        floats = [self.whole[n] if n in self.counts else one for n, one in enumerate(floats)]
        for chosen in (*([n] for n in usable), usable):
            odd = [self.whole[n] if n in chosen else one for n, one in enumerate(floats)]
            self.compare(student, floats, odd, f"the answer to integers, {tuple(odd)},", "from that to the same numbers as floats")
        odd = [np.int64(one) if isinstance(one, int) else one for one in self.whole]
        self.compare(student, floats, odd, "the answer to NumPy's integers", "from that to the same numbers as floats")


class Rates(OneNumber):
    """What is expected of the schedules that are multiples of a first or a highest rate.

    Attributes
    ----------
    multiplied : tuple of int
        The positions of the rates among the arguments.
    """

    multiplied: tuple[int, ...] = (0,)

    def scaled(self, student, rng, factor):
        """Return the rates for some arguments, and those for `factor` times the first rate."""
        usual = list(self.arguments(rng))
        odd = [factor * one if n in self.multiplied else one for n, one in enumerate(usual)]
        function = getattr(student, self.exercise)
        one, other = function(*usual), function(*odd)
        return rate(one, "the rate"), only(other)

    @corner("small rates", 0.04)
    def test_small_rates(self, student, rng):
        """Rates as small as 0.00001 are as exact as large ones: nothing is rounded."""
        usual, small = self.scaled(student, rng, 1e-9)
        if abs(rate(small, "the small rate")) <= 1e-2 and rate(small, "the small rate") != usual:
            expect(small, "a rate with a small first rate").close_to(1e-9 * usual, rtol=1e-5)


class Schedule(Rates):
    """What is expected of the formulas in t: (lr0, t, constants)."""

    constants: tuple[float, ...]  # the usual ones
    others: tuple[tuple[float, ...], ...]
    period: int  # after this time
    share: float  # this share of lr0 is left
    line = staticmethod(np.log)  # what makes a straight line of the curve

    def arguments(self, rng):
        return rng.uniform(2000, 9000), float(rng.integers(3, 9)), *self.constants

    def at(self, student, times, lr0=4321.5, constants=None):
        """Return what the function answers at some times."""
        return [getattr(student, self.exercise)(lr0, t, *(constants or self.constants)) for t in times]

    def rates(self, student, times, **options):
        """Return the rates at some times."""
        return [rate(answer, f"the rate at t = {t}") for t, answer in zip(times, self.at(student, times, **options), strict=True)]

    def expect_right(self, student, reference, times, lr0, constants):
        """Expect the reference's rates at some times."""
        answers = self.at(student, times, lr0=lr0, constants=constants)
        for t, answer in zip(times, answers, strict=True):
            right = getattr(reference, self.exercise)(lr0, t, *constants)
            expect(only(answer), f"the rate for lr0 = {lr0:.6g}, t = {t}, and {constants},").close_to(right, rtol=RTOL)

    @aspect("the first rate", 1.4)
    def test_first_rate(self, student, rng):
        """At time 0 the rate is lr0."""
        for lr0 in rng.uniform(2000, 9000, 2):
            (answer,) = self.at(student, [0], lr0=lr0)
            expect(only(answer), "the rate at t = 0").close_to(lr0, rtol=RTOL)

    @aspect("proportional to lr0", 1.2)
    def test_proportional(self, student, rng):
        """Three times the first rate gives three times the rate at every time."""
        for t in (self.period + 1, 2 * self.period):
            (one,), (other,) = self.rates(student, [t]), self.at(student, [t], lr0=3 * 4321.5)
            if one == 0:
                raise Mismatch("value", f"the rate at t = {t} is 0")
            expect(only(other), f"the rate at t = {t} with three times the first rate").close_to(3 * one, rtol=RTOL)

    @aspect("the rate falls", 1.7)
    def test_falls(self, student):
        """The rate never rises, late it is lower than at the beginning, and it stays positive."""
        times = (1, self.period, 2 * self.period, 4 * self.period)
        rates = self.rates(student, times)
        if not all(b <= a for a, b in pairwise(rates)) or not 0 < rates[-1] < rates[0]:
            raise Mismatch("value", f"the rates at t = {times} should fall and stay positive, but they are {rates}")

    @aspect("the kind of curve", 2.5)
    def test_kind_of_curve(self, student):
        """The curve is of the right kind, whatever its constants: it falls at every moment, as this kind of curve does."""
        rates = self.rates(student, (1, 2, 3, 4, 5))
        expect_falling(rates, "the rates at t = 1, 2, 3, 4, 5")
        steps = np.diff(self.line(np.array(rates)))
        name = "the logarithm of the rate" if self.line is np.log else "the reciprocal of the rate"
        for step in steps[1:]:
            expect(step, f"the change of {name} from one whole t to the next").close_to(steps[0], rtol=1e-5)

    @aspect("after one period", 3.7)
    def test_after_one_period(self, student, rng):
        """After the time that the constants stand for, the right share of lr0 is left."""
        (answer,) = self.at(student, [self.period])
        expect(only(answer), f"the rate at t = {self.period}, with {self.constants},").close_to(4321.5 * self.share, rtol=RTOL)

    @aspect("all times", 2)
    def test_all_times(self, student, reference, rng):
        """The rate is right at all whole times."""
        times = sorted({1, 2, self.period - 1, self.period + 1, *(int(t) for t in rng.integers(1, 4 * self.period, 4))})
        self.expect_right(student, reference, times, rng.uniform(2000, 9000), self.constants)

    @aspect("other settings", 3.3)
    def test_other_settings(self, student, reference, rng):
        """The rate is right with other constants, too."""
        for constants in self.others:
            self.expect_right(student, reference, (0, 3, 11, 25), rng.uniform(2000, 9000), constants)


class Smooth(Schedule):
    """What is expected of schedules whose time may be fractional."""

    @worth(0.7)
    @aspect("fractions of time", 4.2)
    def test_fractions_of_time(self, student, reference, rng):
        """The rate is right at fractional times."""
        self.expect_right(student, reference, (2.75, 0.5, 3.125, 9.6), rng.uniform(2000, 9000), self.constants)

    @worth(0.3)
    @aspect("fractions of time")
    def test_fractions_with_other_settings(self, student, reference, rng):
        """The rate is right at fractional times with other constants."""
        self.expect_right(student, reference, (2.75, 0.5), rng.uniform(2000, 9000), self.others[1])


class Defaults:
    """What is expected where the constants may be left out, at the times `defaults_at`."""

    defaults_at: tuple[int, ...] = (7,)
    left_out = 0  # how many of the constants have defaults

    @corner("the defaults", 0.05)
    def test_defaults(self, student):
        """Without its optional arguments the function answers as with their defaults."""
        function = getattr(student, self.exercise)
        for t in self.defaults_at:
            passed, short = function(4321.5, t, *self.constants), function(4321.5, t, *self.constants[: -self.left_out])
            expect(only(short), f"the rate at t = {t} without optional arguments").alike(only(passed), "from that with their defaults")


# --- the formulas ---------------------------------------------------------------------------------------------------------


@exercise("step_decay")
class TestStepDecay(Defaults, Schedule):
    whole, counts = (6, 23, 0.5, 10), (1, 3)
    constants, others, period, left_out = (0.5, 10), ((POINT_FOUR, 10), (0.5, 7), (0.8, 4), (0.9, 1)), 10, 2
    defaults_at = (9, 10, 20)

    def arguments(self, rng):
        return rng.uniform(2000, 9000), int(rng.integers(13, 39)), 0.5, 10

    @aspect("the kind of curve", 2.7)
    def test_kind_of_curve(self, student):
        """The rate stays as it is until the last epoch before a drop, and each drop is by the same factor."""
        rates = self.rates(student, (1, 9, 10, 19, 20, 29), lr0=8.0)
        for start, end in zip(rates[::2], rates[1::2], strict=True):
            expect(end, "the rate at the last epoch before a drop").close_to(start, rtol=RTOL)
        expect_falling(rates[::2], "the rates at epochs 1, 10 and 20")
        expect(rates[4] / rates[2], "the factor of the second drop").close_to(rates[2] / rates[0], rtol=RTOL)

    @aspect("other settings", 8.4)
    def test_other_settings(self, student, reference, rng):
        """The rate is right with another drop, and with another number of epochs between drops."""
        super().test_other_settings(student, reference, rng)

    @aspect("after one period", 2.6)
    def test_after_one_period(self, student):
        """From one drop to the next the rate is multiplied by drop."""
        rates = self.rates(student, (10, 20, 30))
        for one, other in pairwise(rates):
            if one == 0:
                raise Mismatch("value", "the rate is 0")
            expect(other / one, "the rate after a drop, divided by the one ten epochs earlier,").close_to(0.5, rtol=RTOL)


@exercise("exponential_decay")
class TestExponentialDecay(Smooth):
    whole = (6, 3, 1)
    constants, others, period, share = (0.25,), ((0.1,), (0.031,), (0.0,)), 4, np.exp(-1)


@exercise("exponential_schedule")
class TestExponentialSchedule(Defaults, Smooth):
    whole = (6, 7, 5)
    constants, others, period, share, left_out = (20,), ((8,), (31.5,), (1.6,)), 20, 0.1, 1


@exercise("inverse_time_decay")
class TestInverseTimeDecay(Smooth):
    whole = (6, 3, 2)
    constants, others, period, share, line = (0.25,), ((0.1,), (0.5,), (0.0,), (2.0,)), 4, 0.5, staticmethod(np.reciprocal)


@exercise("power_schedule")
class TestPowerSchedule(Defaults, Smooth):
    whole = (6, 7, 2, 3)
    constants, others, period, share, line = (4, 1.0), ((4, 2.0), (5, 0.5), (2.5, 1.7), (3, 0.0)), 4, 0.5, staticmethod(np.reciprocal)
    left_out = 1

    @aspect("all times", 2)
    def test_other_periods(self, student, reference, rng):
        """The rate is right with other s, too."""
        self.expect_right(student, reference, (0, 2, 9), rng.uniform(2000, 9000), (2.5, 1.0))


# --- piecewise_constant ---------------------------------------------------------------------------------------------------


@exercise("piecewise_constant")
class TestPiecewiseConstant(ArgumentsUnchanged, OneNumber):
    whole = ([4, 9], [3, 2, 1], 4)
    BOUNDARIES, MANY = (4.0, 9.0), (2.0, 3.0, 7.0, 12.0, 20.0)

    def arguments(self, rng):
        return [4.0, 9.0], list(rng.uniform(0.1, 9, 3)), 5.0

    def expect_values(self, student, boundaries, values, pieces):
        """Expect the value with the number `pieces[t]` at each time t."""
        answers = [student.piecewise_constant(list(boundaries), list(values), t) for t in pieces]
        for (t, piece), answer in zip(pieces.items(), answers, strict=True):
            name = f"the rate at t = {t} with the boundaries {list(boundaries)}"
            expect(only(answer), name).close_to(values[piece], rtol=RTOL)

    @aspect("before the first boundary", 2)
    def test_first_piece(self, student, rng):
        """Before the first boundary the first value holds."""
        self.expect_values(student, self.BOUNDARIES, rng.uniform(0.1, 9, 3), {0: 0, 1: 0, 3: 0})

    @aspect("between two boundaries", 2.2)
    def test_second_piece(self, student, rng):
        """Between two boundaries the value between them holds."""
        self.expect_values(student, self.BOUNDARIES, rng.uniform(0.1, 9, 3), {5: 1, 6: 1, 8: 1})

    @aspect("behind the last boundary", 3.6)
    def test_last_piece(self, student, rng):
        """Behind the last boundary the last value holds, however late it is."""
        self.expect_values(student, self.BOUNDARIES, rng.uniform(0.1, 9, 3), {10: 2, 14: 2, 1000: 2})

    @aspect("many boundaries", 2.5)
    def test_many_boundaries(self, student, rng):
        """With five boundaries each piece before the last boundary has its value, whether rates rise or fall."""
        values = rng.uniform(0.1, 9, 6) * rng.permutation([1, 1, 1, 10, 10, 10])
        self.expect_values(student, self.MANY, values, {1: 0, 5: 2, 8: 3, 11: 3, 13: 4, 19: 4})

    @aspect("pieces", 3.7)
    def test_pieces(self, student, rng):
        """The answer is the same at two times of a piece, and another in the piece after it."""
        values = list(rng.uniform(0.1, 9, 6))
        answers = [student.piecewise_constant(list(self.MANY), values, t) for t in (4, 6, 8, 11)]
        a, b, c, d = (rate(answer, "the rate") for answer in answers)
        expect(b, "the rate at t = 6").close_to(a)
        expect(d, "the rate at t = 11").close_to(c)
        expect(c, "the rate at t = 8").differs_from(a, "as that at t = 4, in the piece before")

    @aspect("at a boundary", 3.5)
    def test_at_a_boundary(self, student, rng):
        """At a boundary the value after it holds, and until the next one."""
        self.expect_values(student, self.MANY, rng.uniform(0.1, 9, 6), {2: 1, 3: 2, 6: 2, 7: 3, 11: 3, 12: 4})

    @corner("fractions", 0.04)
    def test_fractions(self, student, rng):
        """Times and boundaries may be fractional, and close together: what counts is their order."""
        values = list(rng.uniform(0.1, 9, 4))
        for t in (26, 51, 76):
            usual, close = (student.piecewise_constant([25 / n, 50 / n, 75 / n], values, t / n) for n in (1, 100))
            name = f"the rate at t = {t / 100} with the boundaries 0.25, 0.5 and 0.75"
            expect(only(close), name).alike(only(usual), "from that with a hundred times these times")

    @corner("one boundary or none", 0.05)
    def test_few_boundaries(self, student, rng):
        """A single boundary has two values, and without a boundary the only value holds."""
        self.expect_values(student, (), rng.uniform(0.1, 9, 1), {0: 0, 7: 0})
        self.expect_values(student, (5.0,), rng.uniform(0.1, 9, 2), {2: 0, 6: 1})


# --- plateau_step ---------------------------------------------------------------------------------------------------------

GETTING_BETTER, WORSE = [9.0, 8.0, 7.5, 6.0], [7.0 + 0.5 * n for n in range(12)]


def in_order(answer, old):
    """Return the rate and the state, which have to come in this order."""
    return expect(answer, "what plateau_step returns").items("lr", "state")


def epochs(function, metrics, lr=4.0, state=None, read=None, **options):
    """Call the function after each epoch, and return the rate after each; `read` takes it and the state out of an answer.

    The rates are passed on as they come, and a test looks at them after all its calls, so that these can be prefetched.
    """
    state, rates = {} if state is None else state, []
    for number, metric in enumerate(metrics, start=1):
        lr, state = one_epoch(function, metric, state, lr, f"the rate after epoch {number}", read, **options)
        rates.append(lr)
    return rates


def one_epoch(function, metric, state, lr, name, read=None, **options):
    """Return the rate, which is expected to be a number, and the state after one more epoch."""
    call = function.call(state, metric, lr, **options)
    lr, state = (read or rate_and_state)(call.answer, call.arguments[0])
    expect(only(lr), name).shaped(())
    return only(lr), state


def rate_and_state(answer, old):
    """Return the rate and the state, also if they come the other way round; without a state the old one, perhaps changed. The form has a
    test of its own."""
    if isinstance(answer, (list, tuple)) and len(answer) == 2:
        return answer if np.isscalar(only(answer[0])) or not np.isscalar(answer[1]) else answer[::-1]
    if isinstance(answer, (list, tuple, np.ndarray)) or np.isscalar(answer):
        return only(answer), old
    return expect(answer, "what plateau_step returns").items("lr", "state")


def changes(rates, start=4.0):
    """Return the numbers of the epochs, from 1, after which the rate is another."""
    return [
        number
        for number, (old, new) in enumerate(zip([start, *rates], rates, strict=False), start=1)
        if not np.isclose(new, old, rtol=1e-6, atol=0)
    ]


def expect_change(rates, what):
    """Expect at least one change, and return the numbers of the epochs."""
    found = changes(rates)
    if not found:
        raise Mismatch("value", f"{what}, the rate is never reduced")
    return found


@exercise("plateau_step")
class TestPlateauStep:
    @aspect("improvements", 1.5)
    def test_improvements(self, student):
        """As long as every epoch is better than all before, the rate stays as it is."""
        rates = epochs(student.plateau_step, [9.0 - n for n in range(8)], patience=2)
        expect(np.array(rates), "the rates").close_to(np.full(8, 4.0))

    @aspect("what it is reduced to", 2)
    def test_factor(self, student):
        """When nothing improves for long, the first reduction multiplies the rate by factor."""
        rates = epochs(student.plateau_step, [*GETTING_BETTER, *WORSE])
        first = expect_change(rates, "though no epoch of 12 improves")[0]
        expect(rates[first - 1], "the rate after the first reduction").close_to(2.0)

    @aspect("when it is reduced", 2.5)
    def test_first_reduction(self, student):
        """The rate changes at the patience-th epoch in a row without an improvement, and not before."""
        found = expect_change(epochs(student.plateau_step, [*GETTING_BETTER, *WORSE]), "though no epoch of 12 improves")
        expect(found[0], "the first epoch with another rate").equals(9)

    @aspect("an improvement starts the count anew", 1.5)
    def test_count_starts_anew(self, student):
        """Bad epochs that aren't in a row, because an improvement lies between them, don't add up."""
        rates = epochs(student.plateau_step, [9.0, 9.5, 9.7, 9.6, 8.0, 8.5, 8.8, 8.6, 7.0, 7.5, 7.8, 7.6, 6.0])
        if found := changes(rates):
            raise Mismatch("value", f"with three bad epochs between improvements the rate is reduced at epoch {found[0]}")

    @aspect("the best so far", 4)
    def test_compares_with_the_best(self, student):
        """Metrics that get better, but never back to the best one, are bad; those that get better than all before aren't."""
        rates = epochs(student.plateau_step, [9.0, 8.0, 7.0, 6.0, 5.0, 4.0, 2.0, *(9.0 - 0.5 * n for n in range(13))])
        found = expect_change(rates, "though the metric never gets back to its best")
        if found[0] <= 7:
            raise Mismatch("value", f"though the first seven epochs improve, the rate is reduced after epoch {found[0]}")

    @aspect("after a reduction", 2)
    def test_counts_anew_after_a_reduction(self, student):
        """After a reduction it takes as many bad epochs to the next as before."""
        found = expect_change(epochs(student.plateau_step, [6.0, *WORSE, *WORSE]), "though no epoch of 24 improves")
        gaps = np.diff([1, *found])
        if len(found) < 2 or len(set(gaps.tolist())) > 1:
            raise Mismatch("value", f"the only improvement is epoch 1; after that the rate is reduced at the epochs {found}")

    @aspect("the best so far")
    def test_the_best_stays(self, student):
        """What is worse than the best metric stays a bad epoch after a reduction, too."""
        rates = epochs(student.plateau_step, [2.0, *(9.0 + n for n in range(9)), *(8.0 - 0.4 * n for n in range(13))])
        found = expect_change(rates, "though no epoch of 22 improves")
        if found[-1] < 15:
            raise Mismatch("value", f"though no epoch of 22 improves, the rate isn't reduced after epoch {found[-1]}")

    @aspect("another factor", 1.6)
    def test_other_factor(self, student):
        """The factor that is passed is the one that is used."""
        rates = epochs(student.plateau_step, [*GETTING_BETTER, *WORSE], factor=0.3)
        first = expect_change(rates, "though no epoch of 12 improves")[0]
        expect(rates[first - 1], "the rate after the first reduction, with factor = 0.3").close_to(1.2)

    @aspect("another patience", 1.6)
    def test_other_patience(self, student):
        """A patience of 1, 2 or 8 is kept."""
        runs = {patience: epochs(student.plateau_step, [*GETTING_BETTER, *WORSE], patience=patience) for patience in (1, 2, 8)}
        for patience, rates in runs.items():
            found = expect_change(rates, f"with patience = {patience}, though no epoch of 12 improves")
            expect(found[0], f"the first epoch with another rate, with patience = {patience}").equals(4 + patience)

    @aspect("min_lr", 1.2)
    def test_lowest_rate(self, student):
        """No rate is reduced below min_lr."""
        rates = epochs(student.plateau_step, [6.0, *WORSE], min_lr=3.0)
        expect(rates[-1], "the last rate, with min_lr = 3").close_to(3.0)

    @aspect("all together", 3.6)
    def test_random_runs(self, student, reference, rng):
        """Random metrics give (lr, state) with the right rate after every epoch, with another factor, patience and min_lr."""
        right = LocalStudent({"plateau_step": reference.plateau_step}).plateau_step
        runs = []
        for patience, low in ((2, 0.0), (2, 0.9), (4, 0.3)):
            metrics = [float(metric) for metric in rng.uniform(1, 9, 18) - 0.1 * np.arange(18)]
            options = {"factor": 0.7, "patience": patience, "min_lr": low}
            runs.append((options, metrics, epochs(student.plateau_step, metrics, read=in_order, **options)))
        for options, metrics, rates in runs:
            wanted = np.array(epochs(right, metrics, **options))
            expect(np.array(rates), f"the rates after each epoch, with {options},").close_to(wanted)

    @corner("equal metrics", 0.05)
    def test_equal_metrics(self, student):
        """An epoch that is exactly as good as the best one is treated as a worse one is."""
        equal, worse = (epochs(student.plateau_step, [6.0] + [metric] * 7, patience=2) for metric in (6.0, 7.0))
        expect(np.array(equal), "the rates with equal metrics").alike(np.array(worse), "from those with worse ones")

    @corner("NaN", 0.03)
    def test_nan(self, student):
        """An epoch whose metric is NaN is treated as a bad one is, and isn't remembered as the best."""
        metrics = [6.0, 7.0, 8.0, 7.0, 5.0, 7.0, 8.0, 6.0, 9.0, 8.0, 7.0]
        usual = epochs(student.plateau_step, metrics)
        runs = [epochs(student.plateau_step, [*metrics[:nan], np.nan, *metrics[nan + 1 :]]) for nan in (1, 2, 6)]
        for rates in runs:
            expect(np.array(rates), "the rates with a NaN").alike(np.array(usual), "from those with a bad metric")

    @corner("size and sign of the metric", 0.03)
    def test_size_and_sign(self, student):
        """Metrics that are negative, huge or tiny, with the same order, give the same rates."""
        metrics = np.array([9.0, 8.0, 6.0, 7.0, 8.0, 6.5, 7.0, 9.0, 6.4, 5.0])
        usual = epochs(student.plateau_step, list(metrics), patience=2)
        odd = {"negative": metrics - 20, "huge": 1e12 * metrics, "tiny": 1e-12 * metrics, "close": 1e6 + metrics / 100}
        runs = {name: epochs(student.plateau_step, list(changed), patience=2) for name, changed in odd.items()}
        for name, rates in runs.items():
            expect(np.array(rates), f"the rates with {name} metrics").alike(
                np.array(usual), "from those with ordinary ones of the same order"
            )

    @corner("the rate that is passed", 0.03)
    def test_rate_of_the_caller(self, student):
        """The rate that is passed is the one that is reduced, though the caller has changed it since the last epoch."""
        function, state, answer = student.plateau_step, {}, None
        for metric, lr in zip((6.0, *WORSE[:5]), (4.0, 5.0, 4.5, 3.0, 3.5, 7.0), strict=True):
            answer, state = one_epoch(function, metric, state, lr, "the rate")
        usual = epochs(function, [6.0, *WORSE[:5]])[-1]
        expect(answer, "the last rate, where the last rate passed is 7").close_to(usual / 4.0 * 7.0)

    @corner("the defaults", 0.03)
    def test_defaults(self, student):
        """Without factor, patience and min_lr the defaults of the docstring hold."""
        metrics = [6.0, *WORSE]
        usual = epochs(student.plateau_step, metrics, factor=0.5, patience=5, min_lr=0.0)
        rates = epochs(student.plateau_step, metrics)
        expect(np.array(rates), "the rates without options").alike(np.array(usual), "from those with the defaults")

    @corner("integers", 0.03)
    def test_integers(self, student):
        """Integers in place of floats give the same rates."""
        whole, answers = [8, 7, 9, 8, 9, 7, 12], []
        for metrics, lr, low in ((whole, 5.0, 0.0), ([float(one) for one in whole], 5, 0), (whole, 5, 0)):
            answers.append(
                both(
                    lambda low=low: epochs(student.plateau_step, [float(one) for one in whole], 5.0, patience=2, min_lr=low),
                    lambda metrics=metrics, lr=lr, low=low: epochs(student.plateau_step, metrics, lr, patience=2, min_lr=low),
                )
            )
        for usual, rates in filter(None, answers):
            expect(np.array(rates), "the rates with integers").alike(np.array(usual), "from those with the same as floats")

    @corner("(lr, state), in this order", 0.06)
    def test_order(self, student):
        """What is returned is (lr, state): the rate first."""
        answer = student.plateau_step({}, 6.0, 4.0)
        lr, _ = expect(answer, "what plateau_step returns").items("lr", "state")
        expect_one_number(lr, "lr")

    @corner("memory in the state alone", 0.04)
    def test_old_state(self, student):
        """The old state isn't changed: who keeps it can take the same epoch again, with the same outcome."""
        function, state, lr, states = student.plateau_step, {}, 4.0, []
        for metric in (6.0, 7.0, 8.0, 7.0):
            before = copied(state)
            call = function.call(state, metric, lr)
            if (is_sequence(call.answer) and len(call.answer) != 2) or np.isscalar(call.answer):
                return
            states.append((before, call.arguments[0]))
            _, state = rate_and_state(call.answer, state)
        rates = [epochs(function, [7.0, 9.0], state=state) for _ in range(2)]
        for before, after in states:
            if not same(before, after):
                raise Mismatch("value", "plateau_step changed its argument state in place; return a new one")
        expect(np.array(rates[1]), "the rates after the same epochs").alike(np.array(rates[0]), "at the second time")

    @corner("memory in the state alone")
    def test_two_runs(self, student):
        """Two runs that take turns, each with its own state, don't disturb each other."""
        function, metrics = student.plateau_step, ([5.0, *WORSE[:8]], [9.0 - n for n in range(9)])
        alone = [epochs(function, run) for run in metrics]
        states, lrs, rates = [{}, {}], [4.0, 4.0], [[], []]
        for pair in zip(*metrics, strict=True):
            for which, metric in enumerate(pair):
                lrs[which], states[which] = one_epoch(function, metric, states[which], lrs[which], "the rate")
                rates[which].append(lrs[which])
        expect(np.array(rates), "the rates of two runs in turns").alike(np.array(alone), "from those of each run alone")


# --- one_cycle ------------------------------------------------------------------------------------------------------------


@exercise("one_cycle")
class TestOneCycle(Rates):
    whole = (13, 45, 7, 2, 0.1)
    multiplied = (2, 3)

    def arguments(self, rng):
        return float(rng.integers(21, 40)), 100.0, rng.uniform(4000, 9000), rng.uniform(600, 900), 0.1

    def at(self, student, times, total=100.0, high=5000.0, low=600.0, **options):
        """Return what the function answers at some times."""
        return [student.one_cycle(t, total, high, low, **options) for t in times]

    def rates(self, student, times, **options):
        """Return the rates at some times."""
        return [rate(answer, f"the rate at t = {t}") for t, answer in zip(times, self.at(student, times, **options), strict=True)]

    def expect_right(self, student, reference, times, total=100.0, high=5000.0, low=600.0, **options):
        """Expect the reference's rates at some times."""
        answers = self.at(student, times, total, high, low, **options)
        for t, answer in zip(times, answers, strict=True):
            name = f"the rate at t = {t:g} of {total:g}, with lr_max = {high:g} and lr_start = {low}"
            right = reference.one_cycle(t, total, high, low, **options)
            expect(only(answer), name).close_to(right, rtol=RTOL)

    @aspect("where it begins", 1.8)
    def test_begins(self, student, reference, rng):
        """At t = 0 the rate is lr_start."""
        self.expect_right(student, reference, [0.0], low=rng.uniform(200, 900))

    @aspect("up, then down", 2.2)
    def test_up_then_down(self, student):
        """In the first third of the run the rate rises, from 55 % to 85 % it falls."""
        up, down = self.rates(student, (0, 10, 20, 30)), self.rates(student, (55, 65, 75, 85))
        expect_falling(up[::-1], "the rates at t = 30, 20, 10, 0 of 100")
        expect_falling(down, "the rates at t = 55, 65, 75, 85 of 100")

    @aspect("straight lines", 3)
    def test_straight_lines(self, student):
        """The way up and the way down are straight, and equally steep."""
        up, down = np.diff(self.rates(student, (0, 10, 20, 30))), np.diff(self.rates(student, (55, 65, 75, 85)))
        if up[0] == 0:
            raise Mismatch("value", "the rate doesn't change at the beginning")
        for change in (*up, *-down):
            expect(abs(change), "the change of the rate within a tenth of the run").close_to(abs(up[0]), rtol=1e-5)

    @aspect("the way up", 2.3)
    def test_way_up(self, student, reference, rng):
        """On the way up the rates are right."""
        self.expect_right(student, reference, (9, 20, 36, 44), low=rng.uniform(200, 900))

    @aspect("the peak", 1.4)
    def test_peak(self, student, rng):
        """At h the rate is lr_max."""
        high = rng.uniform(4000, 9000)
        expect(only(self.at(student, [45.0], high=high)[0]), "the rate at t = 45 of 100").close_to(high, rtol=RTOL)

    @aspect("the way down", 4.5)
    def test_way_down(self, student, reference, rng):
        """On the way down the rates are right."""
        self.expect_right(student, reference, (46, 60, 81, 89), low=rng.uniform(200, 900))

    @aspect("the last part", 6.7)
    def test_last_part(self, student, reference, rng):
        """In the last part the rate goes in a straight line to a thousandth of lr_start, at the end of the run."""
        self.expect_right(student, reference, (92, 95, 99, 100), low=rng.uniform(2000, 4000))
        self.expect_right(student, reference, (40,), 80.0, low=rng.uniform(2000, 4000), last=0.75)

    @aspect("another last", 3.6)
    def test_another_last(self, student, reference):
        """With last = 0.3 or 0.5 the phases have other lengths, and the rise is right."""
        self.expect_right(student, reference, (0, 15, 25), last=0.5)
        self.expect_right(student, reference, (0, 15, 35), last=0.3)

    @aspect("fractions of time", 6.7)
    def test_fractions(self, student, reference):
        """Runs may have an odd or a fractional length, and times between whole numbers: nothing on the way up is rounded."""
        for t, total in ((2.0, 7.0), (1.5, 7.0), (0.8, 2.5), (0.3, 0.9), (2.5, 100.0), (3.25, 100.0)):
            self.expect_right(student, reference, [t], total)

    @corner("lr_start = 0", 0.03)
    def test_start_of_zero(self, student):
        """lr_start = 0 is legal, and the run begins at 0."""
        for start in (0.0, 0):
            expect(only(student.one_cycle(0, 100, 5000.0, start)), "the rate at t = 0 with lr_start = 0").close_to(0.0)

    @corner("the defaults", 0.03)
    def test_defaults(self, student):
        """Without lr_start it is lr_max/10, and without last it is 0.1."""
        for t in (0, 20, 48, 89, 95):
            left_out, passed = student.one_cycle(t, 100, 5003.7), student.one_cycle(t, 100, 5003.7, 500.37, 0.1)
            expect(only(left_out), f"the rate at t = {t} without lr_start and last").alike(only(passed), "from that with lr_max/10 and 0.1")
