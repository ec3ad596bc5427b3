# Two commands: `make run` starts the demo office, `make test` passes the tests. Both set everything up.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help setup run test check bench format docs

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

.venv/base: requirements/base.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv pip install --quiet --require-hashes -r requirements/base.lock
	$(BIN)/uv pip install --quiet --no-deps -e .
	touch $@

.venv/dev: .venv/base requirements/dev.lock
	$(BIN)/uv pip install --quiet --require-hashes -r requirements/dev.lock
	touch $@

.venv/bench: .venv/dev requirements/bench.lock
	$(BIN)/uv pip install --quiet --require-hashes -r requirements/bench.lock
	touch $@

setup: .venv/base ## .venv with xiejian in it

run: setup ## the demo office on http://127.0.0.1:8000
	$(BIN)/xiejian demo

test: .venv/dev ## every check and test, on SQLite and PostgreSQL, with Chromium
	./scripts/debian-packages
	$(BIN)/python scripts/test

check: .venv/dev ## format, lint, types, arrows, packs, generated docs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/xiejian packs check
	$(BIN)/xiejian docs --check

format: .venv/dev ## format and fix what can be fixed
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## write the generated reference pages
	$(BIN)/xiejian docs

bench: .venv/bench ## every benchmark with its peer, ratios into benchmarks/README.md
	./scripts/debian-packages
	$(BIN)/python benchmarks/run.py

lock: ## refresh requirements/*.lock from pyproject.toml
	$(BIN)/uv pip compile --quiet --all-extras --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements/base.lock
	$(BIN)/uv pip compile --quiet --all-extras --group dev --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile --quiet --all-extras --group dev --group bench --generate-hashes --no-header --no-annotate --python-version 3.11 pyproject.toml -o requirements/bench.lock
