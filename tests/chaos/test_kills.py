"""Whatever is killed, and whenever: the next run does what is missing, and nobody can tell afterwards that there was a kill."""

from __future__ import annotations

import time

import pytest


def test_the_host_at_random_moments(room, undisturbed, moments, how_many):
    """Run after run is killed, until one isn't."""
    reference, seconds = undisturbed
    for _ in range(how_many):
        run = room.start()
        time.sleep(moments.uniform(0, seconds))
        run.process.kill()
        run.finished()
        assert room.emptied() == [], "processes or their files are left"
    kept = room.results()
    status, said = room.grade()
    assert status == 0, said
    assert kept.items() <= room.results().items(), "what was kept is not graded again"
    assert room.state() == reference.state()
    assert not list(room.course.root.rglob("*.unfinished")), "nothing unfinished is left"


def test_the_host_while_it_writes(room, undisturbed, moments, how_many):
    """All is graded, so that most moments lie in the writing of the gradebook."""
    reference, _ = undisturbed
    assert room.grade("--no-gradebook")[0] == 0
    start = time.monotonic()
    assert room.grade()[0] == 0
    seconds = time.monotonic() - start
    assert room.state() == reference.state()
    for _ in range(how_many):
        room.forget_gradebook()
        run = room.start()
        time.sleep(moments.uniform(0.5, 1) * seconds)
        run.process.kill()
        run.finished()
        status, said = room.grade()
        assert status == 0, said
        assert room.state() == reference.state()
    assert room.emptied() == []


@pytest.mark.parametrize("kind", ["worker", "zygote", "guest"])
def test_one_of_its_processes(room, undisturbed, moments, how_many, kind):
    """The run goes on; what was lost with a process is graded in it, or in the next."""
    reference, seconds = undisturbed
    killed = 0
    run = room.start()
    while run.process.poll() is None and killed < how_many:
        time.sleep(moments.uniform(0, seconds / 4))
        hit = False
        while run.process.poll() is None and not hit:
            hit = run.kill(kind, moments)
        killed += hit
    status, said = run.finished()
    assert status in (0, 1) and "Traceback" not in said, said
    assert killed, "there was one to kill"
    kept = room.results()
    status, said = room.grade()
    assert status == 0, said
    assert kept.items() <= room.results().items()
    assert room.state() == reference.state()
    assert room.emptied() == []
