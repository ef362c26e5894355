"""What a class costs in the usual lecture and in the worst one, worked out from the figures of speed: a block in the documentation."""

from __future__ import annotations

from collections.abc import Mapping
from operator import itemgetter
from statistics import median
from typing import Any

from page import OURS, PART, further, peak, table

LAPTOP, CLUSTER, CORES = 400, 100_000, (2, 8, 32, 128)
ABOUT = "../benchmarks/README.md#figures"


def usual_and_worst(lectures: Mapping[str, Any]) -> dict[str, str]:
    """Return the lectures of which a further submission takes the median of processor time, and the most."""
    by_cost = sorted(lectures, key=lambda name: further(lectures[name], itemgetter("cpu")))
    return {"usual": by_cost[(len(by_cost) - 1) // 2], "worst": by_cost[-1]}


def here_and_there(about: Mapping[str, Any]) -> tuple[float, float]:
    """Return the processor seconds that a further submission takes of the host, and of a worker with its sandbox."""
    host = further(about, lambda run: run["cpu_by_kind"]["host"])
    return host, further(about, itemgetter("cpu")) - host


def render(speed: Mapping[str, Any]) -> str:
    """Return what a class costs on the machine that was measured, and on a cluster of cores like its own."""
    chosen = {kind: (name, speed["lectures"][name]) for kind, name in usual_and_worst(speed["lectures"]).items()}
    rows = []
    for kind, (name, about) in chosen.items():
        each, (host, worker) = further(about, itemgetter("wall")), here_and_there(about)
        start = median(run["wall"] for run in about["costs"][PART]) - about["graded"][PART] * each
        whole = f"{start:.1f} s + {LAPTOP} × {_ms(each)} = **{start + LAPTOP * each:.0f} s**"
        sizes = [f"{peak(about, 'host'):.0f} MiB", f"{peak(about, 'worker', 'zygote', 'guest'):.0f} MiB"]
        rows.append([f"{kind}: {name}", whole, _ms(worker), _ms(host), *sizes])
    header = ["lecture", f"a class of {LAPTOP}, wall clock", "CPU of a worker", "CPU of the host", "host's peak", "a worker's peak"]
    largest = max(about["graded"][OURS] for _, about in chosen.values())
    laptop = (
        f"Measured on one machine ({speed['machine']['processor']}), by a process for each core, with classes of {largest} in which no two "
        f"students answer alike, in [each of {len(speed['lectures'])} lectures]({ABOUT}). The usual lecture is the median by processor "
        "time, the worst one takes the most. The wall clock is start and end of a run, and so much for each submission; CPU is what a "
        "further submission takes of a worker and its sandbox, and of the host, which reads, stores and writes the gradebook. A worker's "
        "peak is that of a process that grades, with its sandbox.\n\n"
    )
    clusters = [[str(cores), *(_run(about, cores) for _, about in chosen.values())] for cores in CORES]
    cluster = (
        f"\nOn a cluster of cores like these, {CLUSTER:,} submissions take the larger of what the workers take, which share the work, and "
        "what the host takes, which is one process:\n\n"
    )
    return laptop + table(header, rows) + cluster + table(["worker cores", *(f"{kind} lecture" for kind in chosen)], clusters)


def _run(about: Mapping[str, Any], cores: int) -> str:
    """Say what a run on so many worker cores takes, and of whom."""
    host, worker = here_and_there(about)
    there, here = CLUSTER * worker / cores, CLUSTER * host
    return f"{_minutes(max(there, here))} ({'the workers' if there > here else 'the host'})"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds / 60:.1f} min"
