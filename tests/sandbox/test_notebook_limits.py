"""A notebook's limits: cells that take too long, end the process, or show too much. What a mark can depend on is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from autograder.errors import Shortage
from autograder.limits import NOTEBOOK_LIMITS, Limits
from autograder.sandbox import notebooks as module
from autograder.sandbox import outputs
from autograder.sandbox.notebooks import IPythonSandbox, NotebookRun

TESTS = ["raise ValueError('wrong')", "0.5", "import sys\nprint('oh', file=sys.stderr)"]


def limits(**changes: Any) -> Limits:
    return NOTEBOOK_LIMITS.changed(changes)


def names(cell: list[dict[str, Any]]) -> list[str]:
    return [output.get("ename") or output.get("name") or output["output_type"] for output in cell]


def test_a_cell_that_takes_too_long_is_interrupted(notebooks: IPythonSandbox) -> None:
    cells = [
        "x = 1",
        "print('on')\nwhile True: pass",
        "x",
        "import asyncio\nawait asyncio.sleep(60)",
        "import time\ntime.sleep(60)",
        "x + 1",
    ]
    run = notebooks.run(cells, limits=limits(cell_seconds=1))
    assert run.interrupted == (1, 3, 4) and run.ended_in is None
    assert names(run.outputs[1]) == ["stdout", "KeyboardInterrupt", "CellTimeoutError"]
    assert names(run.outputs[3]) == ["CancelledError", "CellTimeoutError"]
    assert "1 s (the limit cell_seconds)" in run.outputs[4][-1]["evalue"]
    assert run.outputs[5][0]["data"] == {"text/plain": "2"}


def test_a_cell_that_ignores_interrupts_is_killed(notebooks: IPythonSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "INTERRUPT_SECONDS", 0.3)
    deaf = "import time\nprint('on')\nwhile True:\n    try: time.sleep(60)\n    except BaseException: pass"
    run = notebooks.run(["1", deaf, "2"], limits=limits(cell_seconds=1))
    assert run.ended_in == 1 and "did not finish within 1 s (the limit cell_seconds), nor when it was interrupted" in run.reason
    assert names(run.outputs[1]) == ["stdout", "DeadKernelError"] and run.outputs[2] == []
    assert [run.was_run(index) for index in range(3)] == [True, True, False] and run.counts == (1, 2, None)


def test_the_total_time(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(["import time\ntime.sleep(0.3)"] * 9, limits=limits(total_seconds=1))
    assert run.ended_in is not None and "the limit total_seconds" in run.reason
    assert run.counts.count(None) >= 5


def test_a_machine_that_is_too_slow(notebooks: IPythonSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "START_SECONDS", 0)
    with pytest.raises(Shortage, match="did not start"):
        notebooks.run(["1"])


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import os; os._exit(3)", "it left Python with status 3"),
        ("import ctypes; ctypes.string_at(0)", "it crashed (segmentation fault)"),
        ("exit()", "it left Python with status 0"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was killed"),
        ("import os; os.write(3, b'nonsense' * 9)", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('running', 0, 5)", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('refused', 'x')", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('uncopied', 28, 'x')", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('begin')", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('output', 'stream', b'{}')", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('output', 'display_data', b'[' * 100000)", "sent something that can't be read"),
        ("get_ipython().displayhook.session.outlet.send('output', 'display_data', {'data': {1: 2}})", "sent something that can't be read"),
        ("import asyncio; asyncio.get_event_loop().stop()\nawait asyncio.sleep(1)", "it left Python with status"),
    ],
)
def test_a_cell_that_ends_the_process(notebooks: IPythonSandbox, source: str, reason: str) -> None:
    run = notebooks.run(["1", f"print('one')\nprint('two', end='', flush=True)\n{source}", "2"])
    assert run.ended_in == 1 and reason in run.reason
    assert names(run.outputs[1]) == ["stdout", "DeadKernelError"] and run.outputs[1][0]["text"] == "one\ntwo"
    assert run.reason in run.outputs[1][1]["evalue"] and run.outputs[2] == []


def test_a_notebook_may_end_with_exit(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(["print('on')\nexit()\nprint('still on')", " "])
    assert run.ended_in is None and run.outputs[0] == [{"output_type": "stream", "name": "stdout", "text": "on\nstill on\n"}]


def test_memory(notebooks: IPythonSandbox) -> None:
    run = notebooks.run(["x = bytearray(8 << 30)", "1"], limits=limits(memory_bytes="2 GiB"))
    assert names(run.outputs[0]) == ["MemoryError"] and names(run.outputs[1]) == ["execute_result"]


def test_disk(notebooks: IPythonSandbox) -> None:
    fill = "import time\nfor k in range(50):\n    open(f'{k}', 'wb').write(bytes(1 << 20))\n    time.sleep(0.02)"
    run = notebooks.run([fill, "1"], limits=limits(disk_bytes="8 MiB"))
    assert run.ended_in == 0 and "the limit disk_bytes" in run.reason
    run = notebooks.run(["open('x', 'wb').write(bytes(3 << 20))", "1"], limits=limits(file_bytes="1 MiB"))
    assert names(run.outputs[0]) == ["OSError"] and run.ended_in is None


@pytest.mark.parametrize(
    "flood",
    [
        "for k in range(300): print('x' * 1000)",
        "print('x' * (5 << 20))",
        "import sys\nfor k in range(300): sys.stderr.write('y' * 999)",
        "from IPython.display import HTML\nfor k in range(300): display(HTML('<b>' + 'z' * 10000))",
        "from IPython.display import HTML\nh = display(1, display_id=True)\nfor k in range(300): h.update(HTML('z' * 10000))",
        "for k in range(99): display(1, display_id='9')\nfor k in range(9): display('z' * 9999, display_id='9')",
        "import sys\nfor k in range(300): sys.displayhook('z' * 10000)",
        "for k in range(2000): get_ipython()._showtraceback(ValueError, ValueError('x' * 999), ['x'])",
        "import os\nos.write(1, b'x' * (3 << 20));",
        "from IPython.display import clear_output\nfor k in range(200):\n    print('x' * 9000)\n    clear_output()",
    ],
)
def test_a_flood_of_outputs(notebooks: IPythonSandbox, flood: str) -> None:
    run = notebooks.run([flood, *TESTS], limits=limits(output_bytes="64 KiB", answer_bytes="1 MiB"))
    assert run.ended_in is None
    assert sum(len(str(output)) for cell in run.outputs for output in cell) < 5 << 20
    assert sum("outputs are cut here" in output.get("text", "") for output in run.outputs[0]) == 1
    check_tests(run)


def check_tests(run: NotebookRun) -> None:
    """Check that the outputs of `TESTS`, after another cell, are what nbgrader's rules look at."""
    wrong, half, noisy = run.outputs[1:]
    assert "ValueError" in names(wrong)
    assert [output["data"]["text/plain"] for output in half if output["output_type"] == "execute_result"] == ["0.5"]
    assert [output["text"] for output in noisy if output.get("name") == "stderr"] == ["oh\n"]


@pytest.mark.parametrize("data", ["[[]] * 300_000", "[[[]] * 1000] * 1000", "eval('[' * 40 + ']' * 40)", "'x' * (40 << 20)"])
def test_an_output_that_is_too_large(notebooks: IPythonSandbox, data: str) -> None:
    show = f"display({{'application/json': {data}, 'text/plain': 'p'}}, raw=True)\nprint('on')"
    run = notebooks.run([show, *TESTS])
    assert (
        run.ended_in is None and len(run.outputs[0]) == 1 and "cut here" in run.outputs[0][0]["text"] and "on" in run.outputs[0][0]["text"]
    )
    check_tests(run)


def test_a_flood_of_pieces(notebooks: IPythonSandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "MOST_OUTPUTS", 100)  # in the host only: it doesn't rely on the guest
    run = notebooks.run(["for k in range(500): display(k)", *TESTS])
    assert len(run.outputs[0]) == 101 and "cut here" in run.outputs[0][-1]["text"]
    check_tests(run)


@pytest.mark.parametrize("message", ["'clear_output', {}", "'stream', {'name': 'stdout', 'text': b'x' * 99999}", "'cut', {}"])
def test_a_guest_that_ignores_its_limits(notebooks: IPythonSandbox, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_MESSAGES", 2000)
    send = f"send = get_ipython().displayhook.session.outlet.send\nwhile True: send('output', {message})"
    run = notebooks.run([send, "1"], limits=limits(answer_bytes="1 MiB", output_bytes="64 KiB"))
    assert run.ended_in == 0 and "far more than the limits allow" in run.reason
    assert sum(len(str(output)) for output in run.outputs[0]) < 1 << 20


@pytest.mark.parametrize("shown", ["{'application/json': [1] * 100_000}", "{'text/plain': 'x\\n' * 100_000}"])
def test_short_values_and_lines_count_what_they_take_in_a_notebook(notebooks: IPythonSandbox, shown: str) -> None:
    """Each has a line of its own in the file, so the file would be several times as large as what was sent."""
    cells = [f"for k in range(20): display({shown}, raw=True)", *TESTS]
    run = notebooks.run(cells, limits=limits(answer_bytes="8 MiB"))
    assert len(json.dumps(run.outputs[0], indent=1)) < 8 << 20 and "cut here" in run.outputs[0][-1]["text"]
    check_tests(run)


def test_code_that_can_not_be_sent(notebooks: IPythonSandbox) -> None:
    for source in ("x = '\ud800'", "#" * (5 << 20)):
        run = notebooks.run(["1", source])
        assert run.ended_in == -1 and "its cells can't be run" in run.reason and run.outputs == ([], [])
