# SPDX-License-Identifier: Apache-2.0
# Wardkeep: every target below says what it does; `make` alone lists them.

PYTHON ?= python3
SHELL := /bin/bash
# What the demo is called with, as in: make run ARGS="--no-serve --days 7"
ARGS ?=
# How many tests run at once.
JOBS ?= 2
BIN := .venv/bin
export SKIP_DEBIAN
# Tests start some thousand commands: none should compile all of it anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check lint docs bench soak lock environment develop packages clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: environment ## Install into .venv and run the demo hospital (ARGS="--no-serve")
	@$(BIN)/wardkeep demo $(ARGS)

test: develop packages lint ## Install what tests need, then check and test everything
	@$(BIN)/pytest -n $(JOBS) --dist loadfile --durations=10 --durations-min=5 $(ARGS)

check: develop lint ## As test, but the quick tests alone (tests/unit)
	@$(BIN)/pytest tests/unit $(ARGS)

lint: develop ## Style, types and the import contract
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

docs: develop ## Write the generated reference pages anew and check every link and command in docs/
	@$(BIN)/python -m tools.reference
	@$(BIN)/pytest tests/unit/house/test_docs.py

bench: develop ## Measure speed and quality against peers; prints one table of ratios
	@$(BIN)/python -m bench $(ARGS)

soak: develop packages ## The long fault and fuzz runs
	@$(BIN)/pytest -m soak -n $(JOBS) --dist worksteal --durations=20 --durations-min=60 $(ARGS)

lock: develop ## Resolve the dependencies anew (UPGRADE=1 takes newer ones)
	@tools/lock

environment: # what `wardkeep` needs
	@$(PYTHON) tools/environment.py requirements/run.txt

develop: # what its developers need
	@$(PYTHON) tools/environment.py requirements/dev.txt

packages: # Debian packages that tests need
	@$(PYTHON) tools/debian_packages.py

clean: ## Remove everything that make has made (homes and data are not here)
	rm -rf .venv .cache .mypy_cache .pytest_cache .ruff_cache .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
