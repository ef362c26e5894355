# Every target sets up what it needs: a virtual environment in .venv, from requirements.lock, by pip alone.
# The set-up is repeated only when the lock or a pyproject.toml changed, or when PYTHON names another version.

# The first of these that is Python 3.11 or newer, unless PYTHON is given.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VERSION := $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null)
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready-$(VERSION)
STUDENTS ?= 30
LECTURES ?= 01 05 09
TORCH ?= torch
CASES ?= 100000
MOMENTS ?= 20

# Two cores, one process each: a numerical library that starts threads of its own only gets in the way.
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MKL_NUM_THREADS = 1
# A user's own packages must not leak in, and bytecode is kept: without it, every process would compile the course anew.
export PYTHONNOUSERSITE = 1
unexport PYTHONDONTWRITEBYTECODE
# nbgrader calls its commands by name. Not exported for all of make: PYTHON must not come from the environment that it makes.
RUN := PATH='$(abspath $(BIN))':"$$PATH"

.PHONY: help demo test lab browser pictures bench bench-growth bench-hostile crosscheck mutants fuzz chaos build wheel lint types notebooks unit setup lock clean
.DELETE_ON_ERROR:

help:
	@echo 'make demo        a class of made-up students, graded, with a report'
	@echo 'make test        everything that must hold: lint, types, released notebooks, solutions, unit tests'
	@echo 'make browser     the course, formgrader and the pages in a Chromium that is there (make pictures: and the pictures of docs/)'
	@echo 'make lab         JupyterLab with the course'
	@echo 'make build       released notebooks from solutions/'
	@echo 'make wheel       the engine for any nbgrader course, as dist/*.whl'
	@echo 'make bench       how long grading takes in every lecture (bench-growth: 5000 submissions; bench-hostile: what it withstands)'
	@echo 'make crosscheck  the references against PyTorch (downloads it; TORCH=torch==2.13.0 picks a version)'
	@echo 'make mutants     how many wrong functions, made by changing right ones, the hidden tests catch'
	@echo 'make fuzz        damaged notebooks, hostile messages and answers, 100000 of each (CASES=1000000 for more)'
	@echo 'make chaos       runs that are killed, interrupted and starved, at 20 random moments each (MOMENTS=100 for more)'
	@echo 'make lock        newer versions into requirements.lock (needs uv)'
	@echo 'make clean       remove .venv and what tools left behind'
	@echo 'PYTHON=python3.12 after any of them picks the interpreter'

demo: $(READY)
	$(RUN) $(BIN)/autograder demo $(LECTURES) --students $(STUDENTS)

test: lint types notebooks unit

lint: $(READY)
	$(RUN) $(BIN)/ruff check .

# The stored outputs of the solutions are what a fresh run gives, and the released notebooks are what the solutions give.
notebooks: $(READY)
	$(RUN) $(BIN)/autograder build --check
	$(RUN) COURSEKIT_STRICT=1 $(BIN)/python -m pytest --nbval --nbval-sanitize-with .ci/nbval.cfg --nbval-cell-timeout 300 \
		-n 2 --dist loadscope -p no:cacheprovider solutions

# tests/conftest.py says which tests run on one worker, and in what order: those that take longest come first.
# Four workers on two cores, because many tests wait for a time limit. None of them uses nbval, whose import takes three seconds.
unit: $(READY)
	@echo 'The tests in a browser are left out here: make browser'
	$(RUN) $(BIN)/python -m pytest -p no:nbval -n 4 --dist loadscope --no-loadscope-reorder

# Not part of test: it needs a Chromium (CHROMIUM=/path/to/it where it isn't found) and some minutes.
browser: $(READY)
	$(RUN) $(BIN)/python -m pytest -p no:cacheprovider --durations=0 --durations-min=1 tests/browser

# The same tests, which write docs/images as well.
pictures: $(READY)
	PICTURES=1 $(RUN) $(BIN)/python -m pytest -p no:cacheprovider tests/browser

types: $(READY)
	$(RUN) $(BIN)/mypy

lab: $(READY)
	$(RUN) $(BIN)/jupyter lab --notebook-dir=course

# On a quiet machine: a few minutes a lecture. The figures go into benchmarks/README.md and docs/instructors.md.
bench: $(READY)
	$(RUN) $(BIN)/python benchmarks --write
	$(RUN) $(BIN)/python benchmarks cells --write

bench-growth: $(READY)
	$(RUN) $(BIN)/python benchmarks growth --write

bench-hostile: $(READY)
	$(RUN) $(BIN)/python benchmarks hostile --write

crosscheck: $(READY)
	$(RUN) $(BIN)/python -m pip install --quiet '$(TORCH)'
	$(RUN) $(BIN)/python -m pytest tests/crosscheck

# Not part of test: it takes some minutes. Fails where a mutant survives without a reason in mutants/survivors.toml.
mutants: $(READY)
	$(RUN) $(BIN)/python mutants --write

# Not part of test, which tries a few hundred: it takes some minutes.
fuzz: $(READY)
	FUZZ_CASES=$(CASES) HOSTILE_ANSWERS=1 $(RUN) $(BIN)/python -m pytest -n 2 -p no:cacheprovider \
		tests/hostile/test_fuzz_*.py tests/hostile/test_hostile_answers.py

# Not part of test, which tries one moment of each kind: it takes a quarter of an hour.
chaos: $(READY)
	CHAOS_MOMENTS=$(MOMENTS) $(RUN) $(BIN)/python -m pytest -n 2 -p no:cacheprovider tests/chaos

build: $(READY)
	$(RUN) $(BIN)/autograder build

# Alone in the folder, so that dist/*.whl is one file.
wheel: $(READY)
	rm -f dist/*.whl
	$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .

setup: $(READY)

# An environment of the same version is brought up to date where it stands; any other one, and one that was moved here, is made anew.
$(READY): requirements.lock pyproject.toml course/pyproject.toml
	@test -n '$(VERSION)' || { echo 'No Python 3.11 or newer was found: install one, or say where it is with PYTHON=/path/to/python3.' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo '$(PYTHON) is Python $(VERSION); this course needs 3.11 or newer.' >&2; exit 1; }
	@{ test "$$($(BIN)/python -c 'import platform; print(platform.python_version())' 2>/dev/null)" = '$(VERSION)' && \
		grep -qsF '$(abspath $(BIN))/' $(BIN)/pip; } || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e course -e .
	@rm -f $(VENV)/ready-*
	@touch $@

# One lock for all systems and for Python 3.11 to 3.13. "fewest": where it can be, one version of a package for all of them.
lock:
	uv pip compile pyproject.toml --extra dev --group course --universal --python-version 3.11 --fork-strategy fewest \
		--generate-hashes --upgrade --no-emit-index-url --no-emit-find-links --no-emit-package coursekit --annotation-style line \
		--custom-compile-command 'make lock' --quiet --output-file requirements.lock

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .mypy_cache .hypothesis .autograder demo
