PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := --generate-hashes --no-emit-index-url --no-emit-trusted-host --no-emit-find-links --allow-unsafe --no-header --strip-extras

# Tests start many processes, which should not compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help install run test check storm bench audit pictures lock clean

help: ## show what there is to make
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

install: .venv/.installed ## what running needs, into .venv, with hashes checked

run: install ## run everything on this machine until Ctrl-C
	$(BIN)/tuntas up

test: check ## every check, then every test
	$(BIN)/python -m pytest

check: .venv/.tested ## dependencies, lint, types and the direction of imports
	$(PIP) check
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

storm: .venv/.tested ## kill workers and engine for a minute under load, then compare; then a thousand random lives
	$(BIN)/python -m bench.storm
	TUNTAS_LIVES=1000 $(BIN)/python -m pytest -q --timeout 3600 tests/test_life.py

bench: .venv/.tested ## what a page of the board costs among 100,000 cases, and every page among 10,000
	$(BIN)/python -m bench.board
	$(BIN)/python -m bench.pages

audit: ## known vulnerabilities of what is locked; asks a public database, and fails where it is out of reach
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet pip-audit
	build/audit/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements.txt --vulnerability-service osv --progress-spinner off

pictures: .venv/.tested ## take the pictures of README and docs anew
	TUNTAS_PICTURES=1 $(BIN)/python -m pytest -q tests/test_pictures.py -k shown

lock: ## resolve the dependencies anew into the requirement files
	$(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet pip-tools
	build/lock/bin/pip-compile $(LOCK) --output-file requirements.txt pyproject.toml
	build/lock/bin/pip-compile $(LOCK) --extra test --constraint requirements.txt --output-file requirements-test.txt pyproject.toml

clean: ## remove what the checks leave behind; data in var/ and .venv stay
	rm -rf build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

.venv/.made:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tuntas needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.installed: .venv/.made requirements.txt pyproject.toml
	$(PIP) install --quiet --no-compile --require-hashes -r requirements.txt
	$(PIP) install --quiet --no-compile --no-deps --no-build-isolation -e .
	touch $@

.venv/.tested: .venv/.installed requirements-test.txt
	$(PIP) install --quiet --no-compile --require-hashes -r requirements-test.txt
	touch $@
