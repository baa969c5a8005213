# One target for each thing one does with a checkout; `make help` lists them.
# Needs Python 3.11 or later (with venv), make and pip's own configuration; everything else lands in .venv.

ARGS ?=
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= 3

# The first Python that truly runs, can make virtual environments and is new enough: 3.11 first, because constraints.txt
# was made with it. A name on the PATH proves nothing (version managers leave shims for versions that are switched off).
PYTHON ?= $(shell for candidate in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 \
	&& { echo "$$candidate"; break; }; done)

# The constraints by variable, because that reaches the build backend too; pip 25.3 and later read the second for it.
# By a relative path, because pip splits these at blanks.
PIP_INSTALL := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
	$(RUN) -m pip install --quiet --no-input

# An environment whose interpreter is gone, or that was copied here with the folder, is made anew.
MADE_FOR := $(shell cat $(VENV)/.made 2>/dev/null)
ifneq ($(MADE_FOR),)
ifneq ($(MADE_FOR) $(shell $(RUN) -c 'print("runs")' 2>/dev/null),$(CURDIR) runs)
CLEAR := --clear
.PHONY: $(VENV)/.made
endif
endif

# Bytecode is kept whatever the environment says: tests start hundreds of processes, and each would compile it all anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test quick lint format coverage bench soak pictures screenshots freeze chromium postgres clean
.DEFAULT_GOAL := help

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1|/p' $(MAKEFILE_LIST) | awk -F'|' '{ printf "%-16s %s\n", $$1, $$2 }'

demo: $(VENV)/.package  ## serve the bundled recording and print its URL (ARGS="--port 5010 --no-browser")
	@$(RUN) -m livepairs demo $(ARGS)

# What brings along every kernel, in two halves that take as long: compiled beside lint, or each test worker would compile
# them all. Before them the tests are looked through once, which writes the bytecode that three processes would write.
KERNELS := livepairs.pipeline livepairs.exchanges.binance livepairs.pairs.rescore livepairs.stats.ew_ols \
	livepairs.stats.hayashi_yoshida livepairs.stats.kalman_hedge livepairs.stats.moments
MORE_KERNELS := livepairs.backtest.sweep livepairs.scan.tasks

# A file's tests stay in one worker; the browser's tests come after the others and alone, since a browser, a server and a
# test together already use two cores, and a page that waits for a core is a page that fails a test.
SPREAD := --dist loadgroup --no-loadscope-reorder

test: $(VENV)/.tools chromium postgres  ## lint, then all tests but the soak, the browser's too (under 10 minutes on two cores)
	@{ $(RUN) -m pytest --collect-only -q >/dev/null; $(RUN) -m livepairs.stats.compiled $(KERNELS); } & \
	$(RUN) -m livepairs.stats.compiled $(MORE_KERNELS) & \
	$(MAKE) --no-print-directory lint; linted=$$?; wait; exit $$linted
	$(RUN) -m pytest -n $(WORKERS) $(SPREAD) -m "not (soak or browser)" --durations 10 $(ARGS)
	$(RUN) -m pytest -m "browser and not soak" --durations 10 $(ARGS) tests/browser

quick: $(VENV)/.tools  ## the tests that take milliseconds
	$(RUN) -m pytest -n $(WORKERS) $(SPREAD) -m "not (soak or slow or browser)" $(ARGS)

lint: $(VENV)/.tools  ## style, types, the order of the rooms, the Dockerfile
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy --strict livepairs
	$(RUN) -c 'from importlinter.cli import lint_imports_command as lint; lint()'
	@if [ -x $(VENV)/bin/hadolint ]; then $(VENV)/bin/hadolint Dockerfile && echo "hadolint: Dockerfile is clean"; \
	else echo "hadolint: no build for this platform, Dockerfile not linted"; fi

format: $(VENV)/.tools  ## let ruff format and sort
	$(RUN) -m ruff check --fix-only .
	$(RUN) -m ruff format .

coverage: $(VENV)/.tools chromium postgres  ## branch coverage of every test, with the lines that no test reaches
	$(RUN) -m pytest -n $(WORKERS) $(SPREAD) -m "not (soak or browser)" --cov --cov-report= $(ARGS)
	$(RUN) -m pytest -m "browser and not soak" --cov --cov-append --cov-report term-missing $(ARGS) tests/browser

bench: $(VENV)/.peers  ## measure speed beside its peers and print the ratios
	$(RUN) -m benchmarks $(ARGS)

soak: $(VENV)/.hosts chromium postgres  ## the tests that take minutes: whole installs, long tours in the browser, kills, memory
	$(RUN) -m pytest -m soak --timeout 0 $(ARGS)

pictures: $(VENV)/.tools chromium  ## draw the pictures of README and docs anew, from the app itself
	$(RUN) docs/pictures.py

screenshots: $(VENV)/.tools chromium  ## draw anew the screenshots that pages are compared with; look before you keep them
	$(RUN) -m tests.browser.screenshots $(ARGS)

freeze:  ## renew constraints.txt from the newest versions that install together
	rm -rf .venv-freeze && $(PYTHON) -m venv .venv-freeze
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT .venv-freeze/bin/python -m pip install --quiet --upgrade pip
	env -u PIP_CONSTRAINT -u PIP_BUILD_CONSTRAINT .venv-freeze/bin/python -m pip install --quiet '.[test,lint,bench]' hatchling
	{ grep '^#' constraints.txt; .venv-freeze/bin/python -m pip freeze --all --exclude livepairs --exclude setuptools; } \
		> .venv-freeze/constraints.txt
	mv .venv-freeze/constraints.txt constraints.txt && rm -rf .venv-freeze

clean:  ## remove everything that these targets made
	rm -rf $(VENV) .venv-freeze build dist .coverage .coverage.* htmlcov .pytest_cache .mypy_cache .ruff_cache \
		.hypothesis .import_linter_cache
	find livepairs apps tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

chromium: $(VENV)/.made
	@$(RUN) tests/chromium.py

postgres: $(VENV)/.made
	@$(RUN) -m tests.postgres

# With pip itself as pinned: the one that comes with Python 3.11 takes twice the processor's time to install the rest.
$(VENV)/.made:
	@[ -n "$(PYTHON)" ] || { echo "livepairs: error: no Python 3.11 or later with venv was found;" \
		"install one (Debian: apt-get install python3.11-venv) or run 'make $(MAKECMDGOALS) PYTHON=/path/to/python'" >&2; exit 2; }
	$(PYTHON) -m venv $(CLEAR) $(VENV)
	@$(PIP_INSTALL) pip || echo "going on with the pip that came with Python, which is slower"
	@echo "$(CURDIR)" > $@

$(VENV)/.package: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing the package and its pinned dependencies into $(VENV) (a minute or two the first time)"
	$(PIP_INSTALL) --editable .
	@touch $@

# Without compiling ahead: tests import a third of what is installed, and Python compiles that as it goes.
$(VENV)/.tools: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing the package, its pinned dependencies and what tests need into $(VENV) (two minutes the first time)"
	$(PIP_INSTALL) --no-compile --editable '.[test,lint]'
	@touch $@ $(VENV)/.package

$(VENV)/.hosts: $(VENV)/.tools
	@echo "installing what the hosts in examples/ stand on into $(VENV)"
	$(PIP_INSTALL) --editable '.[examples]'
	@touch $@

$(VENV)/.peers: $(VENV)/.made pyproject.toml constraints.txt
	@echo "installing the package and the peers to measure against into $(VENV)"
	$(PIP_INSTALL) --editable '.[bench]'
	@touch $@ $(VENV)/.package
