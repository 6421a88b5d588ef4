# Two commands matter: `make run` and `make test`. `make help` lists the rest.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# The locks are whole, so nothing is resolved; Python compiles what it imports, and of these packages that is a part.
LOCKED := --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile
# A lock's packages, in three shares side by side: half of the time of one after the other.
define install
mkdir -p .venv/locks && awk '/^[a-z]/ { n++ } { print > (".venv/locks/" n % 3) }' $(1); \
pids=; for share in .venv/locks/*; do $(BIN)/pip install $(LOCKED) -r $$share & pids="$$pids $$!"; done; \
failed=0; for pid in $$pids; do wait $$pid || failed=1; done; exit $$failed
endef
.DEFAULT_GOAL := help
.PHONY: help setup run test lint bench services lock clean accept-aa accept-slowdown accept-probes accept-probes-under-load accept-matrix accept-fuzz accept-kills

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.runtime  ## make .venv from requirements.lock

.venv/.runtime: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=…"; exit 2; }
	@echo "Setting up .venv (half a minute the first time) …"
	@$(PYTHON) -m venv .venv
	@$(call install,requirements.lock)
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.test: .venv/.runtime requirements-test.lock
	@$(call install,requirements-test.lock)
	@touch $@

run: setup  ## measure, attack, scan and print the trade-off table (under 5 minutes)
	@$(BIN)/tradeoff run

test: .venv/.test lint  ## lint, type-check and run the whole test suite
	@$(BIN)/pytest --numprocesses 2 --dist loadfile

lint: .venv/.test  ## ruff and strict types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: .venv/.test  ## control levels alone, the backend beside its twin, its shares, lists as data grow, open sockets (about ten minutes)
	@$(BIN)/python -m benchmarks

accept-aa accept-slowdown accept-probes accept-probes-under-load accept-matrix accept-fuzz accept-kills: accept-%: .venv/.test  ## long series of tries, resumable
	@$(BIN)/python -m tests.acceptance $*

services:  ## install the real parts that tests use (Debian packages; needs root or sudo)
	@.ci/services

lock:  ## resolve both locks again (needs uv)
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --extra target pyproject.toml -o requirements.lock
	uv pip compile --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-annotate --no-header --extra target --extra test -c requirements.lock pyproject.toml -o requirements-test.lock

clean:  ## remove the environment and caches, never run folders
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache
