"""What classes of any size cost, worked out from the growth of those that were measured: a block in the documentation."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

import page

LAPTOP, CLUSTER, CORES = 400, 100_000, (2, 8, 32, 128)
ABOUT = "benchmarks/README.md#how-it-grows"


def further(classes: Sequence[dict[str, Any]], *kinds: str) -> float:
    """Return the processor seconds that processes of these kinds take for each further submission; of no kind, the wall clock."""
    first, last = ((sum(taken["cpu by kind"][kind] for kind in kinds) if kinds else taken["wall"]) for taken in (classes[0], classes[-1]))
    return float(last - first) / (classes[-1]["students"] - classes[0]["students"])


def render(growth: dict[str, Any]) -> str:
    """Return what a class costs on the machine that was measured, and on a cluster of cores like its own."""
    classes = growth["classes"]
    if len(classes) == 1:
        return "Only one size of class was measured, which says nothing of others.\n"
    return "\n".join([_laptop(growth["machine"]["processor"], classes), _cluster(classes)])


def _laptop(processor: str, classes: Sequence[dict[str, Any]]) -> str:
    first, last = classes[0], classes[-1]
    each = further(classes)
    start = first["wall"] - first["students"] * each
    peaks = next((taken["peaks"] for taken in classes if taken["students"] >= LAPTOP), last["peaks"])
    host, other = peaks["host"], sum(size for kind, size in peaks.items() if kind != "host")
    sizes = f"[classes of {first['students']} to {last['students']}](../{ABOUT})"
    return (
        f"Measured on one machine ({processor}), by a process for each core, with {sizes}: each further submission takes {_ms(each)}, "
        f"and start and end of a run {start:.1f} s. So a class of {LAPTOP} takes {start:.1f} s + {LAPTOP} × {_ms(each)} = "
        f"**{start + LAPTOP * each:.0f} s**. At their peaks the host has {host:.0f} MiB, and each process that grades {other:.0f} MiB, "
        "with its sandbox.\n"
    )


def _cluster(classes: Sequence[dict[str, Any]]) -> str:
    worker, host = further(classes, "worker", "sandbox"), further(classes, "host")
    rows = []
    for cores in CORES:
        there, here = CLUSTER * worker / cores, CLUSTER * host
        rows.append([str(cores), _minutes(there), _minutes(here), f"**{_minutes(max(there, here))}**", f"{CLUSTER / max(there, here):.0f}"])
    header = ["worker cores", f"the workers: {CLUSTER:,} × {_ms(worker)} ÷ cores", f"the host: {CLUSTER:,} × {_ms(host)}"]
    return (
        f"Of processor time, a further submission takes {_ms(worker)} of a worker and its sandbox, and {_ms(host)} of the host, which "
        f"reads, stores and writes the gradebook, and is one process. For {CLUSTER:,} submissions on cores like these, the slower of "
        f"the two sets the time. With {ceil(worker / host)} worker cores or more that is the host, and further ones wait for it.\n\n"
        + page.table([*header, "the run takes", "submissions a second"], rows)
    )


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f} ms"


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds / 60:.1f} min"
