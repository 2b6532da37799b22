# Needs Python ≥ 3.11 and make, nothing else. Each target builds its own environment.

PYTHON ?= python3
# The second supported line (mitmproxy 12); used by test-all where it is installed.
PYTHON_NEW ?= $(shell scripts/newer-python)

VENV = .venv
VENV_NEW = .venv-new
BIN = $(VENV)/bin
BIN_NEW = $(VENV_NEW)/bin
# Many tests wait for processes; three of them at a time use two cores better.
PARALLEL = --numprocesses 3 --dist loadfile
# What rests on mitmproxy and on the SDKs; the rest does not know the line it runs on.
# (make test-new runs everything.)
ON_BOTH_LINES = tests/faults tests/integration $(addprefix \
  --ignore tests/integration/test_,$(addsuffix .py, auth_cli chat_input_limits \
  chat_models chat_options chat_thinking log model_list refresh_processes simulator))

# Real clients need versions of their libraries that do not fit beside each other.
CLIENTS = .venv-clients
CLIENT_SETS = newest openai2
NODE_CLIENTS = tests/clients/node

# Every start would compile all that it imports, and the tests start many.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo run test test-unseen test-new test-all test-second-line test-clients test-deployment test-oldest \
  check fix bench faults fuzz soak audit clean

demo: $(VENV)/ready   ## three conversations on the embedded simulator
	@$(BIN)/anthropic-max-proxy demo

run: $(VENV)/ready    ## the proxy, with ANTHROPIC_API_KEY from the environment
	@$(BIN)/anthropic-max-proxy serve

test: $(VENV)/ready   ## every test
	$(BIN)/python -m pytest $(PARALLEL)

test-new: $(VENV_NEW)/ready  ## every test on mitmproxy 12
	$(BIN_NEW)/python -m pytest $(PARALLEL)

test-unseen: $(VENV)/ready  ## requests of which no addon is told, as in the launcher
	PROXY_UNSEEN=1 $(BIN)/python -m pytest $(PARALLEL) tests/faults tests/integration

test-all: test test-unseen test-new  ## both lines of mitmproxy, both layers

# On one line with mitmdump's list of flows, on the other without: the gate has no time
# for all four, and the layers (docs/adr/0008) and the lines are independent.
test-second-line: $(VENV_NEW)/ready  ## mitmproxy 12: what differs between the lines
	PROXY_UNSEEN=1 $(BIN_NEW)/python -m pytest $(PARALLEL) $(ON_BOTH_LINES)

test-clients: $(VENV)/ready  ## real clients, unmodified, in environments of their own
	@$(MAKE) --no-print-directory --jobs 3 \
	  $(CLIENT_SETS:%=$(CLIENTS)/%/ready) $(NODE_CLIENTS)/node_modules/ready
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target \
	  $(CLIENT_SETS:%=test-clients-%)

test-clients-%:
	@PROXY_PYTHON=$(abspath $(BIN)/python) $(CLIENTS)/$*/bin/python -m pytest tests/clients/$*

test-deployment: $(VENV)/ready   ## packages, image, units, manifests, HAProxy
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --group deploy
	$(BIN)/python -m pytest tests/deployment

check: $(VENV)/ready  ## formatting, lint, types, layers, generated tables
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/unit/test_layers.py
	$(BIN)/python scripts/generate_docs.py --check

fix: $(VENV)/ready
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/ready  ## speed against a bare mitmdump, interleaved
	$(BIN)/python -m benchmarks $(if $(wildcard $(VENV_NEW)/ready),--also $(BIN_NEW)/python)

faults: $(VENV)/ready  ## the fault suite, with the table of docs/reliability.md
	$(BIN)/python -m pytest tests/faults --figures .faults.md
	@cat .faults.md

audit: $(VENV)/ready  ## known vulnerabilities of what the product needs
	@$(BIN)/uv pip install --quiet --python $(BIN)/python pip-audit
	@$(BIN)/python scripts/audit.py $(BIN)/pip-audit

test-oldest:  ## every test with the oldest dependencies that are allowed
	@$(PYTHON) -m venv .venv-oldest
	@$(PYTHON) scripts/oldest.py > .venv-oldest/constraints.txt
	@.venv-oldest/bin/python -m pip install --quiet -c .venv-oldest/constraints.txt \
	  --editable . --group test
	.venv-oldest/bin/python -m pytest $(PARALLEL)

FUZZ_MINUTES ?= 10
fuzz: $(VENV)/ready  ## look for inputs that break a promise (FUZZ_MINUTES=10)
	$(BIN)/python -m pytest $(PARALLEL) --hypothesis-profile=new-inputs tests/unit
	cd tests && PYTHONPATH=.:../addons $(abspath $(BIN))/python -m fuzz --minutes $(FUZZ_MINUTES)

soak: $(VENV)/ready  ## 50,000 requests and 10,000 streams with faults: nothing may grow
	$(BIN)/python -m benchmarks.soak

clean:
	rm -rf $(VENV) $(VENV_NEW) $(CLIENTS) $(NODE_CLIENTS)/node_modules

# uv is several times faster than pip; where it cannot be had, or finds no packages, pip
# does it. $(1): the environment, $(2): the dependency group.
define install
	@$(1)/bin/python -m pip install --quiet uv
	@$(1)/bin/uv pip install --quiet --python $(1)/bin/python --editable . --group $(2) || \
	  { $(1)/bin/python -m pip install --quiet --upgrade pip && \
	    $(1)/bin/python -m pip install --quiet --editable . --group $(2); }
	@touch $(1)/ready
endef

$(VENV)/ready: pyproject.toml
	@echo "Building $(VENV) …"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || \
	  { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	$(call install,$(VENV),dev)

$(VENV_NEW)/ready: pyproject.toml
	@test -n "$(PYTHON_NEW)" || { echo "No Python ≥ 3.12 found: make PYTHON_NEW=… "; exit 1; }
	@echo "Building $(VENV_NEW) …"
	@$(PYTHON_NEW) -m venv $(VENV_NEW)
	$(call install,$(VENV_NEW),test)

$(CLIENTS)/%/ready: tests/clients/%/requirements.txt
	@echo "Building $(CLIENTS)/$* …"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(CLIENTS)/$*
	@$(BIN)/uv pip install --quiet --prerelease disallow --python $(CLIENTS)/$* --requirement $<
	@touch $@

$(NODE_CLIENTS)/node_modules/ready: $(NODE_CLIENTS)/package.json
	@if command -v npm > /dev/null; then \
	  cd $(NODE_CLIENTS) && npm install --silent; else mkdir -p $(@D); fi
	@touch $@
