# Two commands matter: `make run` and `make test`. `make help` lists the others.
SHELL := /bin/bash
.DEFAULT_GOAL := help
export RASA_TELEMETRY_ENABLED := false
export TF_CPP_MIN_LOG_LEVEL := 3
export SANIC_HOST := 127.0.0.1

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3.10
UV_COMPILE := $(BIN)/uv pip compile --quiet --python-version 3.10 --no-header --generate-hashes

.PHONY: help node-packages run test check check-full bench lint types lock setup setup-dev train shell clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

run: setup ## set everything up, train if needed, serve on http://127.0.0.1:8080
	@exec $(BIN)/sportello serve

test: setup-dev ## every check and test that takes minutes, not hours
	@bash scripts/test.sh

check-full: setup-dev ## full repetition counts and what needs ../shared
	@bash scripts/test.sh full

bench: setup-dev ## measure speed against a stock Rasa server and print the ratios
	@$(BIN)/python -m tests.load.bench

lint: setup-dev ## format, lint, types, import rules
	@bash scripts/lint.sh

train: setup ## train the model if its inputs changed
	@$(BIN)/sportello train

lock: setup ## compile the hashed locks again from requirements/*.in
	$(UV_COMPILE) requirements/uv.in -o requirements/uv.txt
	$(UV_COMPILE) requirements/node.in -o requirements/node.txt
	$(UV_COMPILE) --override requirements/overrides.in requirements/app.in -o requirements/app.txt
	$(UV_COMPILE) --override requirements/overrides.in requirements/dev.in -o requirements/dev.txt

node-packages: | $(BIN)/python ## fetch again what the staff console serves
	@bash scripts/node_packages.sh run

setup: $(VENV)/.app-installed $(VENV)/.node-installed
setup-dev: $(VENV)/.dev-installed $(VENV)/.node-dev-installed

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Sportello needs Python 3.10 (looked for '$(PYTHON)'; set PYTHON=/path/to/python3.10)."; exit 1; }
	@echo "==> Creating the Python environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.app-installed: requirements/app.txt requirements/uv.txt pyproject.toml | $(BIN)/python
	@echo "==> Installing the locked packages (the first time takes a few minutes)"
	@bash scripts/install.sh requirements/app.txt
	@PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat --editable . 2>/dev/null
	@touch $@

$(VENV)/.dev-installed: requirements/dev.txt $(VENV)/.app-installed
	@echo "==> Installing the locked packages for tests and checks"
	@bash scripts/install.sh requirements/dev.txt
	@touch $@

$(VENV)/.node-installed: package-lock.json requirements/node.txt $(VENV)/.app-installed
	@echo "==> Fetching what the staff console serves"
	@[ -e $(VENV)/.node-dev-installed ] || bash scripts/node_packages.sh run
	@touch $@

$(VENV)/.node-dev-installed: package-lock.json $(VENV)/.node-installed
	@echo "==> Fetching what checks the pages"
	@bash scripts/node_packages.sh dev
	@touch $@

clean: ## remove the environment, the models and caches (never var/)
	rm -rf $(VENV) node_modules models .mypy_cache .ruff_cache .pytest_cache .hypothesis
