# make demo and make test are all a newcomer needs: Python >= 3.11, git and make.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help install demo serve test quick lint format bench docs lock clean

# The newest Python that is new enough and can make virtual environments.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# Names what is installed: another lock, project file or folder makes another stamp.
STAMP := .venv/.installed-$(shell { cat requirements.lock pyproject.toml; pwd; } | cksum | cut -d' ' -f1)
# Most tests wait for processes, disks and one another: two for each core keep it busy.
WORKERS ?= $(shell echo $$(( $$(nproc 2>/dev/null || echo 2) * 2 )))
# Nothing waits for a disk there.
MEMORY := $(firstword $(wildcard /dev/shm) $(TMPDIR) /tmp)
TYPED := $(wildcard app tests bench migrations docs/*.py)

help: ## Show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## Create .venv with the pushpull command in it
	@:

$(STAMP):
	@command -v git >/dev/null || { echo "PushPull needs git on the PATH (Debian: apt-get install git)" >&2; exit 1; }
	@[ -n "$(PYTHON)" ] || { echo "PushPull needs Python 3.11 or newer with its venv module" \
		"(Debian: apt-get install python3-venv); or set PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "[1/3] Making .venv with $$($(PYTHON) --version)"
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@echo "[2/3] Installing the pinned packages (the first time: one to two minutes)"
	@$(PIP) --require-hashes -r requirements.lock
	@echo "[3/3] Installing the pushpull command"
	@PYTHONWARNINGS=ignore $(PIP) --no-deps --no-build-isolation -e .
	@rm -f .venv/.installed-* && touch $@

demo: install ## Start the demo on http://127.0.0.1:8000
	@exec $(BIN)/pushpull demo

serve: install ## Start an empty installation
	@exec $(BIN)/pushpull serve

# Each check runs even when one before it failed; the last lines say which did.
define CHECKS
check() { name=$$1; shift; echo "== $$name"; "$$@" || failed="$$failed, $$name"; }; failed=""; \
check "ruff check" $(BIN)/ruff check --quiet . ; \
check "ruff format (mend: make format)" $(BIN)/ruff format --check --quiet . ; \
check "mypy" $(BIN)/mypy $(TYPED) ; \
check "import contracts" $(BIN)/lint-imports --no-logo
endef
define VERDICT
if [ -n "$$failed" ]; then echo "FAILED: $${failed#, }" >&2; exit 1; fi; echo "All checks passed."
endef

test: install ## Run every check and test; say loudly what could not be run (ARGS=... goes to pytest)
	@$(CHECKS) ; check "pytest" $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS) ; $(VERDICT)

quick: install ## While you work: lint, types, and most domain and service tests, on SQLite
	@$(CHECKS) ; export TMPDIR="$(MEMORY)" ; check "pytest" $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal -q \
		-p no:schemathesis --hypothesis-profile=quick -o tmp_path_retention_policy=failed -m "not thorough" \
		$(ARGS) tests/domain tests/services ; $(VERDICT)

lint: install ## Only the checks, no test
	@$(CHECKS) ; $(VERDICT)

format: install ## Format the code
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format --quiet .

bench: install ## Measure against peers, as ratios in one run
	@$(BIN)/python -m bench

docs: install ## Write the generated reference pages
	@$(BIN)/python -m docs.reference

LOCK := uv pip compile pyproject.toml --generate-hashes --universal --python-version 3.11 --quiet \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header

lock: ## Pin the dependencies again, for the checkout and for the image (needs uv)
	$(LOCK) --upgrade --extra dev --extra build -o requirements.lock
	$(LOCK) --extra build -c requirements.lock -o requirements-server.lock

clean: ## Remove what was made
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build *.egg-info
