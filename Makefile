# Sincerely. `make` prints this help; `make run` and `make test` are all a newcomer needs.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
PY := $(VENV)/bin/python
DATA ?=

.PHONY: help run build test check bench crash demo format lock messages clean

help: ## print this help
	@echo "Sincerely: e-mail marketing that people run themselves"; echo
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12
	@echo; echo "First time: make run"

run: build ## install what is missing, migrate, start everything and print the address
	@exec $(VENV)/bin/sincerely serve

build: $(VENV)/.run frontend/.built $(VENV)/.messages ## install what is missing and build it, start nothing (a server's first step)
	@$(PY) -m compileall -q src  # also where Python is told to write no bytecode: a second of each start

test: $(VENV)/.dev frontend/.built $(VENV)/.messages ## the whole suite: SQLite, PostgreSQL, headless Chromium
	@tools/need postgresql chromium
	@tools/need postfix strace || true  # without them the tests that want them are skipped
	@exec tools/test

check: $(VENV)/.dev frontend/.built ## format, lint, types, import rules, sizes, glossary
	@exec tools/check

bench: $(VENV)/.dev frontend/.built ## measure the main paths against a reference in the same run
	@tools/need wrk postfix || true
	@exec $(PY) -m bench

crash: $(VENV)/.dev frontend/.built $(VENV)/.messages ## kill everything at size, on both databases; prints what was lost (CRASH_SCALE=usual|full)
	@tools/need postgresql
	@tools/need postfix strace || true
	@exec tools/crash

demo: $(VENV)/.run frontend/.built $(VENV)/.messages ## the main job without a browser (DATA=path/to/hillstrom.csv for a real campaign)
	@exec $(VENV)/bin/sincerely demo $(if $(DATA),--data "$(DATA)",)

format: $(VENV)/.dev ## put every file into the house format
	@$(VENV)/bin/ruff format . && $(VENV)/bin/ruff check --fix .

lock: $(VENV)/.dev ## resolve the locked versions again (hashes, no index address)
	@exec tools/lock

messages: $(VENV)/.dev ## collect the sentences to translate (needs gettext)
	@exec tools/messages

clean: ## remove everything that was built (the state in var/ stays)
	rm -rf $(VENV) frontend/node_modules frontend/.built src/sincerely/web/static/dist

$(VENV)/.run: requirements/run.txt pyproject.toml
	@tools/bootstrap $(VENV) requirements/run.txt && touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml
	@tools/bootstrap $(VENV) requirements/dev.txt && touch $@ $(VENV)/.run

frontend/.built: $(shell find frontend -type f -not -path '*/node_modules/*' -not -name .built 2>/dev/null) $(VENV)/.run
	@tools/frontend && touch $@

$(VENV)/.messages: $(VENV)/.run $(wildcard src/sincerely/locale/*/LC_MESSAGES/*.po src/sincerely/apps/*/locale/*/LC_MESSAGES/*.po)
	@$(PY) tools/compile_messages.py && touch $@
