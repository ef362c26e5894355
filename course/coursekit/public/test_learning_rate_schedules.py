"""The public checks of lecture 9, learning-rate schedules."""

import numpy as np

from coursekit import exercise, expect, expect_unchanged


def expect_rates(function, cases, **options):
    """Expect the right rate for each tuple of arguments."""
    for arguments, right in cases.items():
        name = f"{function.name}{arguments}"
        expect(function(*arguments, **options), name).close_to(right, rtol=1e-6)


@exercise("step_decay")
class TestStepDecay:
    def test_by_hand(self, student):
        """The worked example: 0.8 until epoch 3, 0.2 until epoch 7, 0.05 until epoch 11."""
        rates = {0: 0.8, 1: 0.8, 3: 0.8, 4: 0.2, 7: 0.2, 8: 0.05, 11: 0.05}
        expect_rates(student.step_decay, {(0.8, epoch, 0.25, 4): right for epoch, right in rates.items()})

    def test_defaults(self, student):
        """By default the rate is halved after every ten epochs, also where it is tiny."""
        expect_rates(student.step_decay, {(3.0, 9): 3.0, (3.0, 10): 1.5, (1e-6, 35): 1.25e-7})


@exercise("exponential_decay")
class TestExponentialDecay:
    def test_by_hand(self, student):
        """The worked example: with k = 0.2 the rate is 0.4 at first, 0.4/e at t = 5, and 0.4·e^(−1.5) at t = 7.5."""
        expect_rates(student.exponential_decay, {(0.4, 0, 0.2): 0.4, (0.4, 5, 0.2): 0.4 / np.e, (0.4, 7.5, 0.2): 0.4 * np.exp(-1.5)})

    def test_another_k(self, student):
        """With another k, between whole times, and for a tiny rate, the equation holds, too."""
        expect_rates(student.exponential_decay, {(2.0, 0.5, 3.0): 2 * np.exp(-1.5), (1e-6, 4, 0.5): 1e-6 * np.exp(-2)})


@exercise("exponential_schedule")
class TestExponentialSchedule:
    def test_by_hand(self, student):
        """The worked example: with s = 8 the rate is 0.5, then 0.05 at epoch 8 and 0.005 at epoch 16, with roots of ten between them."""
        rates = {0: 0.5, 4: 0.5 / np.sqrt(10), 8: 0.05, 12: 0.05 / np.sqrt(10), 16: 0.005}
        expect_rates(student.exponential_schedule, {(0.5, epoch, 8): right for epoch, right in rates.items()})

    def test_fractions(self, student):
        """Epochs may be fractional, and rates tiny."""
        expect_rates(student.exponential_schedule, {(3.0, 2.5, 5): 3 / np.sqrt(10), (1e-5, 3.0, 2): 1e-5 * 0.1**1.5})

    def test_default(self, student):
        """By default the rate falls to a tenth in 20 epochs."""
        expect_rates(student.exponential_schedule, {(3.0, 20): 0.3})


@exercise("inverse_time_decay")
class TestInverseTimeDecay:
    def test_by_hand(self, student):
        """The worked example: with k = 0.25 the rate is 0.6 at first, 0.4 at t = 2, 0.3 at t = 4 and 0.1 at t = 20."""
        rates = {0: 0.6, 2: 0.4, 4: 0.3, 20: 0.1}
        expect_rates(student.inverse_time_decay, {(0.6, t, 0.25): right for t, right in rates.items()})

    def test_another_k(self, student):
        """With another k, between whole times, and for a tiny rate, the equation holds, too."""
        expect_rates(student.inverse_time_decay, {(2.0, 1.5, 2): 0.5, (1e-6, 3, 2): 1e-6 / 7})


@exercise("power_schedule")
class TestPowerSchedule:
    def test_by_hand(self, student):
        """The worked example: with s = 2 the rate at t = 4 is 0.3 for c = 1, 0.1 for c = 2, and 0.9/√3 for c = 0.5."""
        cases = {
            (0.9, 0, 2, 1.0): 0.9,
            (0.9, 4, 2, 1.0): 0.3,
            (0.9, 4, 2, 2.0): 0.1,
            (0.9, 4, 2, 0.5): 0.9 / np.sqrt(3),
            (0.9, 3, 2, 1.0): 0.36,
        }
        expect_rates(student.power_schedule, cases)

    def test_default_and_fractions(self, student):
        """By default c is 1; t and s may be fractional, and rates tiny."""
        expect_rates(student.power_schedule, {(2.0, 4, 4): 1.0, (3.0, 1.25, 2.5): 2.0, (1e-6, 6, 1): 1e-6 / 7})


@exercise("piecewise_constant")
class TestPiecewiseConstant:
    def test_by_hand(self, student):
        """The worked example: 0.4 before 3, 0.1 from 3 on, and 0.02 from 8 on."""
        rates = {0: 0.4, 2.9: 0.4, 3: 0.1, 7: 0.1, 8: 0.02, 100: 0.02}
        for t, right in rates.items():
            expect(student.piecewise_constant([3, 8], [0.4, 0.1, 0.02], t), f"the rate at t = {t}").close_to(right)

    def test_any_number_of_boundaries(self, student):
        """There may be four boundaries, one or none, and times between whole numbers."""
        for boundaries in ([0.5, 2, 4, 5.5], [2.5], []):
            values = [1.0, 5.0, 3.0, 4.0, 2.0][: len(boundaries) + 1]
            for t in (0, 0.7, 3, 5, 9):
                right = values[sum(t >= boundary for boundary in boundaries)]
                name = f"the rate at t = {t} with the boundaries {boundaries} and the values {values}"
                expect(student.piecewise_constant(list(boundaries), list(values), t), name).close_to(right)

    def test_lists_stay_as_they_are(self, student):
        """The lists are the caller's: they aren't changed."""
        expect_unchanged(student.piecewise_constant, [1, 2], [0.3, 0.2, 0.1], 1.5)


def rates_after(function, metrics, lr, **options):
    """Return the rate after each epoch, from an empty state on."""
    state, rates = {}, []
    for metric in metrics:
        lr, state = expect(function(state, metric, lr, **options), "what plateau_step returns").items("lr", "state")
        expect(lr, "lr").shaped(())
        rates.append(float(lr))
    return np.array(rates)


@exercise("plateau_step")
class TestPlateauStep:
    def test_by_hand(self, student):
        """The worked example: nine epochs with patience 2 and min_lr 0.03."""
        metrics = [0.9, 0.7, 0.8, 0.7, 0.75, 0.72, 0.6, 0.65, 0.61]
        rates = rates_after(student.plateau_step, metrics, 0.1, factor=0.5, patience=2, min_lr=0.03)
        expect(rates, "the rates after the nine epochs").close_to(np.array([0.1] * 3 + [0.05] * 2 + [0.03] * 4))

    def test_defaults(self, student):
        """By default the fifth bad epoch in a row halves the rate, the first epoch is no bad one, and bad epochs don't add up."""
        metrics = [-2.0, -1.0, -1.5, -1.9, -2.00001, -1.0, -1.0, -1.0, -1.0, -1.0, -1.0]
        rates = rates_after(student.plateau_step, metrics, 8.0)
        expect(rates, "the rates after the eleven epochs").close_to(np.array([8.0] * 9 + [4.0] * 2))

    def test_first_epoch(self, student):
        """However large the first metric is, the first epoch is an improvement, and the bad ones are counted from the second on."""
        rates = rates_after(student.plateau_step, [5e6, 6e6, 7e6, 8e6, 4e6], 8.0, factor=0.25, patience=3)
        expect(rates, "the rates after the five epochs").close_to(np.array([8.0, 8.0, 8.0, 2.0, 2.0]))

    def test_nan(self, student):
        """An epoch with NaN is a bad one, and NaN doesn't become the best metric."""
        rates = rates_after(student.plateau_step, [3.0, np.nan, np.nan, 2.0, np.nan, 2.5], 8.0, patience=2)
        expect(rates, "the rates after the six epochs").close_to(np.array([8.0, 8.0, 4.0, 4.0, 4.0, 2.0]))

    def test_rate_of_the_caller(self, student):
        """The rate that is passed is the one that is reduced, also if the caller has changed it; the old state isn't changed."""
        _, state = expect(student.plateau_step({}, 1.0, 8.0, patience=1), "what plateau_step returns").items("lr", "state")
        answer = expect_unchanged(student.plateau_step, state, 2.0, 6.0, 0.5, 1)
        lr, _ = expect(answer, "what plateau_step returns").items("lr", "state")
        expect(lr, "lr").close_to(3.0)

    def test_two_runs(self, student):
        """Two runs that take turns, each with its own state, don't disturb each other."""
        states = [{}, {}]
        for metric in (1.0, 2.0, 3.0):
            for run, sign in enumerate((1, -1)):
                answer = student.plateau_step(states[run], sign * metric, 8.0, patience=2)
                lr, states[run] = expect(answer, "what plateau_step returns").items("lr", "state")
                expect(lr, "the rate of the run that gets " + ("worse" if sign == 1 else "better")).close_to(
                    4.0 if sign * metric == 3 else 8.0
                )


@exercise("one_cycle")
class TestOneCycle:
    def test_by_hand(self, student):
        """The worked example: up from 0.2 to 1, back down, and in the last fifth to 0.0002."""
        rates = {0: 0.2, 4: 0.6, 8: 1.0, 12: 0.6, 16: 0.2, 18: 0.1001, 20: 0.0002}
        for t, right in rates.items():
            expect(student.one_cycle(t, 20, 1, 0.2, 0.2), f"the rate at t = {t}").close_to(right, rtol=1e-6)

    def test_between(self, student):
        """In between the rate goes in straight lines, also where times are no whole numbers, the total is odd, or rates are tiny."""
        cases = {(2.0, 20): 0.4, (7.5, 20): 0.95, (17.0, 20): 0.15005, (19.5, 20): 0.025175, (1.4, 7): 0.6, (2.8, 7): 1.0, (0.5, 2.5): 0.6}
        for (t, total), right in cases.items():
            expect(student.one_cycle(t, total, 1.0, 0.2, 0.2), f"the rate at t = {t} of {total}").close_to(right, rtol=1e-6)
        expect(student.one_cycle(1.0, 8, 3e-7, 1e-7, 0.5), "the rate with lr_max = 3e-7").close_to(2e-7, rtol=1e-6)

    def test_defaults(self, student):
        """By default the run begins at lr_max/10 and its last tenth is the last phase; a start of 0 is a start of 0."""
        for (t, *start), right in {(0,): 0.2, (45,): 2.0, (90,): 0.2, (0, 0.0): 0.0, (9, 0.0): 0.4}.items():
            expect(student.one_cycle(t, 100, 2.0, *start), f"the rate at t = {t} of 100").close_to(right, rtol=1e-6)
