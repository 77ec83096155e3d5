# make demo and make test are all a newcomer needs: Python >= 3.11, git and make.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help install demo serve test lint format bench docs lock clean

PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
STAMP := .venv/.installed-$(shell cksum requirements.lock pyproject.toml 2>/dev/null | cksum | cut -d' ' -f1)

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## Create .venv with the pushpull command in it

$(STAMP): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "PushPull needs Python 3.11 or newer; set PYTHON=/path/to/python3"; exit 1; }
	@command -v git >/dev/null || { echo "PushPull needs git on the PATH"; exit 1; }
	@echo "[1/3] Creating .venv with $(PYTHON)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "[2/3] Installing pinned packages (about a minute the first time)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@echo "[3/3] Installing the pushpull command"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@rm -f .venv/.installed-* && touch $(STAMP)

demo: install ## Start the demo on http://127.0.0.1:8000
	@$(BIN)/pushpull demo

serve: install ## Start an empty installation
	@$(BIN)/pushpull serve

test: install ## Run every check and test; say loudly what could not be run
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

lint: install ## Only the quick checks
	@$(BIN)/ruff check . && $(BIN)/ruff format --check --quiet . && $(BIN)/mypy && $(BIN)/lint-imports

format: install ## Format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench: install ## Measure against peers, as ratios in one run
	@$(BIN)/python -m bench

docs: install ## Write the generated reference pages
	@$(BIN)/python -m docs.reference

lock: ## Pin dependencies again (needs uv)
	uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11 --upgrade \
		--no-emit-index-url --no-emit-find-links --no-annotate --no-header -o requirements.lock

clean: ## Remove what was made
	rm -rf .venv .hypothesis .mypy_cache .pytest_cache .ruff_cache build *.egg-info
