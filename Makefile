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

# speed, as ratios; on a machine that does nothing else. `.[bench]` brings the transformers that ours is measured beside
bench: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev,bench]'
	$(BIN)/python tests/benchmarks

lint: .venv/ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# opens on notebooks/README.md; notebooks/.lab shows Markdown as pages and asks no network for news
lab: .venv/ready
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/notebooks/README.md "--LabApp.app_settings_dir=$(CURDIR)/notebooks/.lab"

# torch alone is several GB: the environment is made once, and again when a version changes
.venv/ready: pyproject.toml constraints.txt
	@echo "setting up .venv: torch and its libraries are several GB, this takes some minutes"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --progress-bar on -c constraints.txt -e '.[dev]'
	touch $@

clean:
	rm -rf .venv
