# Each target makes the virtual environment if it is missing: nothing but Python 3.11 or newer and make is needed.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: help studio demo base test check bench docs clean

help:
	@echo "make studio  open the studio in the browser: tunes made, heard, edited, learned from, judged (Ctrl-C closes it)"
	@echo "make demo    learn from O'Neill's 2,009 tunes, write eight new ones into demo/ (about a minute)"
	@echo "make base    train the model in the box again, measure it and write its card (at most two hours on two cores)"
	@echo "make test    run the tests"
	@echo "make check   style and types: ruff, mypy"
	@echo "make bench   measure what benchmarks/results.md reports (long)"
	@echo "make docs    make docs/measures.md again from the docstrings"
	@echo "make clean   delete the virtual environment and caches"

studio: $(VENV)/.ready-studio
	$(BIN)/tunewright studio $(ARGS)

demo: $(VENV)/.ready
	$(BIN)/tunewright demo

base: $(VENV)/.ready
	$(BIN)/python -m tunewright.cli.base_building $(ARGS)

test: $(VENV)/.ready-dev
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile $(ARGS)

check: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.ready-dev
	@missed=0; for file in benchmarks/*.py; do echo "== $$file"; $(BIN)/python $$file || missed=1; done; exit $$missed

docs: $(VENV)/.ready
	$(BIN)/python docs/measures_page.py

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps are newer than what they were made from, so nothing is installed twice.
$(VENV)/.ready: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing into $(VENV) (torch is the big one: a few minutes the first time)"
	@$(PIP) --editable .
	@touch $@

$(VENV)/.ready-studio: $(VENV)/.ready
	@$(PIP) --editable ".[studio]"
	@touch $@

$(VENV)/.ready-dev: $(VENV)/.ready
	@echo "installing the tools for tests and checks"
	@$(PIP) --editable ".[dev]"
	@touch $@

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Error: $(PYTHON) not found; Python 3.11 or newer is needed" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; v >= (3, 11) or sys.exit("Error: $(PYTHON) is Python %d.%d; 3.11 or newer is needed (make PYTHON=/path/to/python3.11 ...)" % v[:2])'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }
