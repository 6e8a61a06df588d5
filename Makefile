# The workflow. Everything here works on a bare machine with python3 and make.
#   make demo                the whole product on this machine, no account needed (RESET=1 begins afresh)
#   make test                every test, against a real PostgreSQL and Redis (ARGS="-k pause -x" are pytest's)
#   make check               lint, types, import contracts, templates, migrations, then the tests
#   make chaos               plugs pulled while campaigns go out, with its counts (SEEDS=50, FIRST=1, ARGS="--workers 3")
#   make bench               the measurements of docs/benchmarks.md (ARGS=--quick, ARGS=send_path)

PYTHON ?= python3
VENV ?= .venv
PEERS ?= .venv-peers
BIN := $(VENV)/bin
ARGS ?=
RUN := $(BIN)/python -m devserver run

# A shell's wish not to keep compiled Python would make every start twice as slow.
unexport PYTHONDONTWRITEBYTECODE
export PYTHONUNBUFFERED = 1

.DEFAULT_GOAL := help
.PHONY: help demo test check lint chaos bench screenshots migrations messages lock clean environment peers

help:
	@sed -n 's/^#   //p' Makefile

environment:
	@$(PYTHON) devserver/install.py $(VENV) requirements/dev.txt

peers:
	@$(PYTHON) devserver/install.py $(PEERS) requirements/peers.txt

demo: environment
	@exec $(BIN)/python -m devserver demo $(if $(filter-out 0,$(RESET)),--reset)

test: environment
	@echo "→ Tests"
	@exec $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile $(ARGS)

check: lint test

# What a real installation differs in; the secrets are made for the occasion.
PRODUCTION := APP_URL=https://mailmerge.invalid TRACKING_URL=https://t.mailmerge.invalid ALLOWED_HOSTS=mailmerge.invalid

lint: environment
	@echo "→ Style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "→ Types"
	@$(RUN) $(BIN)/mypy .
	@echo "→ Import contracts"
	@$(BIN)/lint-imports
	@echo "→ Templates"
	@$(BIN)/djlint templates --quiet --lint
	@echo "→ Migrations"
	@$(RUN) $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "→ Settings for production"
	@$(RUN) env $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

# A seed is a plan of what goes wrong: the same again with FIRST=<its number> SEEDS=1.
SEEDS ?= 50
FIRST ?= 1
chaos: environment
	@exec $(BIN)/python -m tests.chaos --seeds $(SEEDS) --first $(FIRST) $(ARGS)

bench: environment peers
	@$(RUN) $(BIN)/python -m benchmarks $(ARGS)

screenshots: environment
	@exec $(BIN)/python -m devserver.screenshots $(ARGS)

migrations: environment
	@$(RUN) $(BIN)/python manage.py makemigrations $(ARGS)

# Collects the texts to translate into locale/*/LC_MESSAGES/*.po, and says which want a translation.
messages: environment
	@$(BIN)/python -m devserver.catalogues

# Newest versions that fit together, for every Python and system we support. UPGRADE= keeps those we have.
UPGRADE ?= --upgrade
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(UPGRADE)
lock: environment
	@for list in base dev peers; do \
		echo "→ requirements/$$list.txt"; \
		$(COMPILE) requirements/$$list.in -o requirements/$$list.txt || exit 1; \
	done

clean:
	@$(PYTHON) -c "import shutil; from devserver.places import shelter_path; shutil.rmtree(shelter_path(), True)"
	rm -rf $(VENV) $(PEERS) .demo .test staticfiles .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find locale -name '*.mo' -delete
