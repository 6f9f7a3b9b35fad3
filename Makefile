# Longfunnel. `make` or `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Python keeps what it compiled: the tests start the program hundreds of times.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo check lint fast slow test audit bench lock format docs screenshots clean

help: ## What can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

# One environment for everything, from the lock file. A Debian without the venv module gets it when we may install it.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Longfunnel needs Python 3.11 or later; $$($(PYTHON) --version) is here. Try: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 \
		|| { [ "$$(id -u)" = 0 ] && apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null && $(PYTHON) -m venv $(VENV); } \
		|| { echo "Python's venv module is missing. Install it: sudo apt-get install python3-venv, then run make again."; exit 1; }
	@echo "Installing what Longfunnel needs into $(VENV) (once, a minute or two) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

demo: $(READY) ## The invented business as one long funnel, then its pages: the link stands on the last line
	@$(BIN)/longfunnel demo demo-business

check: $(READY) ## Lint, types, contracts and unit tests
	@$(MAKE) --no-print-directory -j 2 fast lint

lint: $(READY) ## Style, types and the contracts between layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A worker gets tests that stand together, and so shares what they share; who is done takes over from the others.
fast: $(READY) ## The unit tests
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

slow: $(READY) ## The slow tests: real data, kills, a browser, long random runs; they wait more than they work
	$(BIN)/python -m pytest -n 4 --dist worksteal -m slow

test: check slow ## Everything that must hold before a change lands

audit: $(READY) ## Known vulnerabilities in what Longfunnel is built on
	@$(BIN)/python .ci/audit.py

bench: $(READY) ## Speed beside real peers, in one run (installs the peers; takes minutes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check chdb networkx pandas retentioneering
	@for file in benchmarks/*.py; do echo; echo "== $$file"; $(BIN)/python $$file || exit 1; done

lock: $(READY) ## Renew the lock file to the newest versions that pyproject.toml allows
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --group dev --output-file requirements.lock pyproject.toml

format: $(READY) ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(READY) ## Write the reference pages and the README's pictures from the code
	$(BIN)/python -m longfunnel.cli.reference docs/reference
	$(BIN)/python -m longfunnel.cli.picture docs/pictures

screenshots: $(READY) ## Photograph every page of the invented business (needs Chromium)
	$(BIN)/python -m longfunnel.cli.screenshots docs/screenshots

clean: ## Remove the environment and what tools left behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo-business
