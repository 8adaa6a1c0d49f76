# `make reproduce`: the main job. `make test`: the tests. Both set everything up first.
PYTHON ?= python3.11
BIN := .venv/bin

.PHONY: reproduce full test test-slow soak bench lint lab clean
reproduce: .venv/ready
	$(BIN)/tad reproduce --size quick

full: .venv/ready
	$(BIN)/tad reproduce --size full

test: .venv/ready
	$(BIN)/python -m pytest

test-slow: .venv/ready
	$(BIN)/python -m pytest -m slow

# the same as the tests, at many more points; bounded, an hour or more
soak: .venv/ready
	$(BIN)/python -m pytest -m soak

# speed, as ratios; on a machine that does nothing else
bench: .venv/ready
	$(BIN)/python tests/benchmarks/bench_training.py
	$(BIN)/python tests/benchmarks/bench_decoding.py

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lab: .venv/ready
	$(BIN)/jupyter lab notebooks

# torch alone is several GB: the environment is made once, and again when a version changes
.venv/ready: pyproject.toml constraints.txt
	@echo "setting up .venv: torch and its libraries are several GB, this takes some minutes"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv
