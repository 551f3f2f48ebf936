# Needs Python 3.11 or later, and nothing else: PostgreSQL comes with the Python packages.
#
#   make demo    install, then run the main job on an embedded server (two minutes)
#   make test    install, then run the tests
#   make check   formatting, lint, types, architecture, generated pages
#   make docs    build the documentation into docs/_build/html

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
JOBS ?= 2
# Those that start servers wait for them much of the time.
LIVE_JOBS ?= 3
# Else each worker compiles all tests, and each run of the command all of the code, anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-fast test-live check docs bench pages clean

demo: $(VENV)/.demo-installed
	$(BIN)/python examples/upload_pipeline/demo.py

test: test-fast test-live

# The fast ones first: a broken rule need not wait for a server.
test-fast: $(VENV)/.dev-installed
	$(BIN)/python -m pytest -n $(JOBS) -m "not live and not matrix"

test-live: $(VENV)/.dev-installed
	$(BIN)/python -m pytest -n $(LIVE_JOBS) --dist loadgroup -m "live or matrix"

check: $(VENV)/.dev-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/python docs/pages.py --check
	$(BIN)/python docs/report_schema.py --check

pages: $(VENV)/.dev-installed
	$(BIN)/python docs/pages.py
	$(BIN)/python docs/report_schema.py

docs: pages
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

bench: $(VENV)/.dev-installed
	$(BIN)/python tests/benchmarks/collection.py

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "pgadvisor needs Python 3.11 or later; try: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian: apt-get install python3-venv"; exit 1; }

$(VENV)/.demo-installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet -e ".[examples]"
	@touch $@

$(VENV)/.dev-installed: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --quiet -e ".[dev]"
	@touch $@

clean:
	rm -rf $(VENV) demo-output docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis
