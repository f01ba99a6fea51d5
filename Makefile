# make demo    set up, then run the main job on the embedded suite
# make test    set up, then test every mechanism once, on real parts
# The others: make help

SHELL := /bin/bash
bin := .venv/bin
pytest := $(bin)/pytest --durations=40 --durations-min=1
started := $(shell date +%s)
took = echo "$@: $$(($$(date +%s) - $(started))) s in all"

.PHONY: help demo test test-all bench screenshots check format setup environment agents browser compose engines pin wheel clean

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/make \1|\2/' | column -t -s '|'

demo: setup ## set up, then run suite mini with a scripted endpoint and with the oracle
	@scripts/demo
	@$(took)

test: setup browser agents compose engines ## set up, then every mechanism once, on real parts (PYTEST="-k store" to choose)
	@$(pytest) -m "not full" $(PYTEST)
	@$(took)

test-all: setup browser agents compose engines ## the same with every count that was promised (hours)
	@$(pytest) $(PYTEST)
	@$(took)

bench: setup ## judge beside other ways of judging (8 minutes; BENCH="--flat 20000", "--quick", "--write-docs")
	@$(bin)/python benchmarks/judge.py $(BENCH)
	@$(took)

screenshots: setup browser ## docs/images anew, for README and docs (needs EVALKIT_DATA)
	@$(bin)/python -m tests.browser.screenshots docs/images
	@$(took)

checks := "ruff check ." "ruff format --check ." "mypy evalkit suites" "mypy tests benchmarks scripts/pin" \
	"lint-imports --no-logo"

check: environment ## ruff, mypy, import-linter; all of them, also when one finds something
	@failed=; for check in $(checks); do \
	  echo; echo "$$ $$check"; $(bin)/$$check || failed="$$failed$$check; "; done; \
	[ -z "$$failed" ] || { echo; echo "make check: found something: $$failed"; exit 1; }
	@$(took)

format: environment ## let ruff format and sort imports
	$(bin)/ruff format .
	$(bin)/ruff check --fix .

setup: ## Python packages, a Docker engine, the judge's image: what is missing of them
	@scripts/setup

environment:
	@scripts/environment

agents: environment ## agents of others that tests drive: a minute and 700 MB, once (test and test-all call it)
	@$(bin)/evalkit tools install mini-swe-agent || echo "without mini-swe-agent: its tests are skipped"

browser: environment ## Chromium and fonts, in which reports' pages are tested (test and test-all call it)
	@scripts/browser

engines: environment ## real model servers of CPUs, for tests: half a minute and 1.3 GB, once (test calls it)
	@scripts/engines

compose: ## docker-compose, for tasks of several containers (test and test-all call it)
	@scripts/compose

pin: environment ## resolve constraints.txt anew
	$(bin)/python scripts/pin

wheel: environment ## build dist/*.whl
	$(bin)/python -m build --wheel --no-isolation

clean: ## remove what was built in this clone; runs stay (see also: evalkit clean)
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +
