"""Learning-rate schedules: the reference that the hidden suite compares with.

Where the notebook writes down a rate directly, this module takes a detour: logarithms and reciprocals of rates, knots of a broken line, and
the whole history of metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

State = dict[str, Any]


def step_decay(lr0: float, epoch: int, drop: float = 0.5, every: int = 10) -> float:
    """Multiply the rate by `drop` after every `every` epochs: η = η0 · dropⁿ, n = ⌊epoch/every⌋ (slides 004, «step decay»).

    Parameters
    ----------
    lr0, drop : float
    epoch, every : int
        Epochs count from 0.
    """
    return math.prod((drop for _ in range(every, epoch + 1, every)), start=float(lr0))


def exponential_decay(lr0: float, t: float, k: float) -> float:
    """Return η = η0 · e^(−kt) (slides 004, «exponential decay»), by its logarithm.

    Parameters
    ----------
    lr0, t, k : float
    """
    return math.exp(math.log(lr0) - k * t)


def exponential_schedule(lr0: float, epoch: float, s: float = 20) -> float:
    """Return η = η0 · 0.1^(epoch/s) (slides 000, «exponential scheduling»), as an exponential decay with k = ln 10 / s.

    Parameters
    ----------
    lr0, epoch, s : float
    """
    return exponential_decay(lr0, epoch, math.log(10) / s)


def inverse_time_decay(lr0: float, t: float, k: float) -> float:
    """Return η = η0 / (1 + kt) (slides 004, «1/t decay»): 1/η grows by k/η0 per unit of time.

    Parameters
    ----------
    lr0, t, k : float
    """
    return 1 / (1 / lr0 + t * (k / lr0))


def power_schedule(lr0: float, t: float, s: float, c: float = 1.0) -> float:
    """Return η = η0 / (1 + t/s)^c (Géron 2019, chapter 11, «power scheduling»; named in slides 000), by its logarithm.

    Parameters
    ----------
    lr0, t, s, c : float
    """
    return math.exp(math.log(lr0) - c * math.log1p(t / s))


def piecewise_constant(boundaries: Sequence[float], values: Sequence[float], t: float) -> float:
    """Return the value of the piece that t lies in; a boundary belongs to the piece after it (named in slides 000).

    Parameters
    ----------
    boundaries : sequence of float
        Increasing.
    values : sequence of float
        One more.
    t : float
    """
    ends = [*boundaries, math.inf]
    return next(value for end, value in zip(ends, values, strict=True) if t < end)


def plateau_step(
    state: State, metric: float, lr: float, factor: float = 0.5, patience: int = 5, min_lr: float = 0.0
) -> tuple[float, State]:
    """Reduce the rate when the metric has stopped falling («performance scheduling» of slides 000).

    The state is the list of all metrics so far, and the number of those that were seen when the rate was reduced last.

    Parameters
    ----------
    state : dict
        ``{}`` before the first epoch.
    metric, lr, factor : float
    patience : int
    min_lr : float

    Returns
    -------
    lr : float
    state : dict
    """
    metrics = [*state.get("metrics", ()), metric]
    first, *others = metrics
    best, since = first, 0
    for number, value in enumerate(others, start=1):
        if value < best:
            best, since = value, number
    since = max(since, state.get("reduced", 0))
    if len(metrics) - 1 - since < patience:
        return lr, {"metrics": metrics, "reduced": state.get("reduced", 0)}
    return max(lr * factor, min_lr), {"metrics": metrics, "reduced": len(metrics) - 1}


def one_cycle(t: float, total: float, lr_max: float, lr_start: float | None = None, last: float = 0.1) -> float:
    """Return the rate of 1cycle: a broken line with four knots (Smith 2018, sections 2 and 3; Géron 2019, chapter 11).

    Parameters
    ----------
    t, total, lr_max : float
    lr_start : float, optional
        ``lr_max / 10`` by default.
    last : float
        The last phase's share of the run.
    """
    low = lr_max / 10 if lr_start is None else lr_start
    middle, end = (1 - last) * total / 2, (1 - last) * total
    return float(np.interp(t, [0.0, middle, end, total], [low, lr_max, low, low / 1000]))
