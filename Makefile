# Needs Python ≥ 3.11 and make, nothing else. Each target builds its own environment.

PYTHON ?= python3
# The second supported line (mitmproxy 12); used by test-all where it is installed.
PYTHON_NEW ?= $(shell scripts/newer-python)

VENV = .venv
VENV_NEW = .venv-new
BIN = $(VENV)/bin
# Most tests wait for processes; two of them at a time use the machine better.
PARALLEL = --numprocesses 2 --dist loadfile

.PHONY: demo run test test-new test-all check fix bench clean

demo: $(VENV)/ready   ## three conversations on the embedded simulator
	@$(BIN)/anthropic-max-proxy demo

run: $(VENV)/ready    ## the proxy, with ANTHROPIC_API_KEY from the environment
	@$(BIN)/anthropic-max-proxy serve

test: $(VENV)/ready   ## every test
	$(BIN)/python -m pytest $(PARALLEL)

test-new: $(VENV_NEW)/ready
	$(VENV_NEW)/bin/python -m pytest $(PARALLEL)

test-all: test test-new  ## both supported lines of mitmproxy

check: $(VENV)/ready  ## formatting, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/unit/test_layers.py
	$(BIN)/python scripts/generate_docs.py --check

fix: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready  ## speed against a bare mitmdump, interleaved
	$(BIN)/python -m benchmarks $(if $(wildcard $(VENV_NEW)/ready),--also $(VENV_NEW)/bin/python)

clean:
	rm -rf $(VENV) $(VENV_NEW)

$(VENV)/ready: pyproject.toml
	@echo "Building $(VENV) …"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade pip
	@$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

$(VENV_NEW)/ready: pyproject.toml
	@test -n "$(PYTHON_NEW)" || { echo "No Python ≥ 3.12 found: make PYTHON_NEW=… "; exit 1; }
	@echo "Building $(VENV_NEW) …"
	@$(PYTHON_NEW) -m venv $(VENV_NEW)
	@$(VENV_NEW)/bin/python -m pip install --quiet --upgrade pip
	@$(VENV_NEW)/bin/python -m pip install --quiet --editable . --group test
	@touch $@
