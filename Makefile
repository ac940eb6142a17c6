# The few verbs of this project. Every one installs what it needs; a second run starts in seconds.

VENV ?= .venv
PYTHON ?= python3
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help demo test lint bench screenshots assets lock clean

help:
	@echo "make demo    install what is missing, start everything, serve http://127.0.0.1:8000"
	@echo "make test    install what the tests need and run them against a PostGIS of their own"
	@echo "make lint    ruff, mypy --strict, import-linter"
	@echo "make bench   speed beside the peers, in one run"
	@echo "make screenshots  every page at both sizes and on paper, into var/screenshots"
	@echo "make assets  front-end files from npm, pinned"
	@echo "make lock    resolve the dependencies anew"
	@echo "make clean   remove what was made here; the local database under var/ stays"

demo: $(VENV)/.runtime node_modules/.copied
	@sh scripts/system-packages.sh postgis
	@$(BIN)/wangge demo

test: $(VENV)/.dev node_modules/.copied
	@sh scripts/system-packages.sh postgis browser compose gdal office
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev node_modules/.copied
	@sh scripts/system-packages.sh postgis browser wrk
	$(BIN)/python -m pytest -m bench -s tests/benchmarks/bench_*.py tests/browser/bench_*.py

screenshots: $(VENV)/.dev node_modules/.copied
	@sh scripts/system-packages.sh postgis browser
	@$(BIN)/python -m tests.browser.screenshots

assets: node_modules/.copied

# uv only resolves; it is installed apart, so that it is no dependency of ours.
lock:
	$(PYTHON) -m venv $(VENV)-lock
	$(VENV)-lock/bin/python -m pip install --quiet uv
	$(VENV)-lock/bin/uv pip compile $(LOCK) --extra dev --extra build --output-file requirements-dev.lock
	$(VENV)-lock/bin/uv pip compile $(LOCK) --extra build --constraint requirements-dev.lock --output-file requirements.lock
	npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
	$(PYTHON) scripts/plain_npm_lock.py
	rm -rf $(VENV)-lock

LOCK := pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links

clean:
	rm -rf $(VENV) .venv-tipg node_modules maps/static/vendor build dist *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@sh scripts/system-packages.sh python
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/.runtime

node_modules/.copied: package-lock.json maps/assets.py | $(VENV)/.runtime
	@sh scripts/system-packages.sh npm
	npm ci --ignore-scripts --no-audit --no-fund --silent
	$(BIN)/python -m maps.assets
	@touch $@
