# A fresh Debian 12 with Python 3.11, git and make is enough. Nothing is written outside this checkout except the Debian
# packages that `make test` needs (rabbitmq-server, postgresql), and those are never started as services.
.DEFAULT_GOAL := help
.PHONY: screenshots vendors bundle examples brokers pairs rooms moved-tests check-stores sbom audit bench simulate help setup demo test check lint format types services secrets lock clean chaos siege corpus fuzz model plants mixed whole drills findings
SHELL := /bin/sh
BIN := .venv/bin
PLUG_INS := .local/plug-ins
export PYTHON

help: ## what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 18

demo: $(PLUG_INS)/.ready ## the four centers hand a case to each other, without a broker; ARGS="…" goes to `bus demo`
	@.ci/venv runtime
	@PYTHONPATH=$(CURDIR)/$(PLUG_INS)$${PYTHONPATH:+:$$PYTHONPATH} $(BIN)/bus demo $(ARGS)

# the fifth kind of center, installed beside the bus and not into .venv: the tests install it themselves
$(PLUG_INS)/.ready: $(shell find examples/command_center -type f -not -path '*/__pycache__/*')
	@.ci/venv runtime
	@rm -rf $(PLUG_INS)
	@$(BIN)/python -m pip install -q --no-deps --no-build-isolation --no-index --target $(PLUG_INS) ./examples/command_center
	@touch $@

setup: ## .venv with everything that work on the code needs
	@.ci/venv dev

test: setup lint services ## all of CI: lint, types, tests; JOBS=3 processes; ARGS="…" goes to pytest
	@$(BIN)/python -m pytest -n $(or $(JOBS),3) -m "not whole" --dist loadfile --no-loadscope-reorder --durations=25 --durations-min=5 $(ARGS)

whole: setup services ## what `make test` plays in a smaller size: thousands of seeds, the largest searches, ten kills; some hours
	@$(BIN)/python -m pytest -m whole --durations=0 $(ARGS)

chaos: services ## harm to four real centers: FAULTS=… (list: all of them; none) SECONDS=… SEEDS=… BROKER= STORE= RATE= SOAK=minutes
	@$(BIN)/python -m verification.chaos $(if $(FAULTS),--faults $(FAULTS)) $(if $(SECONDS),--seconds $(SECONDS)) $(if $(SEEDS),--seeds $(SEEDS)) \
	  $(if $(BROKER),--broker $(BROKER)) $(if $(STORE),--store $(STORE)) $(if $(RATE),--rate $(RATE)) $(if $(SOAK),--soak $(SOAK)) $(ARGS)

drills: services ## twelve faults, seen and mended on the console in a browser; writes docs/drills.md; ARGS="-k poison"
	@DRILLS_KEPT=1 $(BIN)/python -m pytest -q tests/drills $(ARGS)
	@$(BIN)/python -m verification.drills

findings: setup ## write what each finding of the console means into docs/operate.md
	@$(BIN)/python -m verification.finding_words

mixed: services ## the release before and this program in one county: ARGS="--only S10,recovery"
	@$(BIN)/python -m verification.mixed $(ARGS)

siege: setup ## attacks on a running center: memory, descriptors, honest forms meanwhile; SECONDS=… of each
	@$(BIN)/python -m verification.siege $(if $(SECONDS),--seconds $(SECONDS)) $(ARGS)

brokers: services ## the broker suite on RabbitMQ 3.10, 4.0 and the newest of Debian, a cluster on the newest: ARGS="--only trixie"
	@$(BIN)/python -m verification.brokers $(ARGS)

corpus: setup ## everything bad at every door, one by one: verdict, time and memory of each; SEED=…
	@$(BIN)/python -m verification.corpus $(SEED)

fuzz: setup ## coverage-guided fuzzing of messages, of logs told, and of files of keys; SECONDS=… of each, TARGETS="decode"
	@set -e; for target in $(or $(TARGETS),decode receive recover application directory); do \
	  $(BIN)/python -m verification.corpus.fuzz $$target $(or $(SECONDS),60); done

pairs: services ## B1 of this checkout against the release before, in pairs; ARGS="--pairs 12 --against COMMIT"
	@$(BIN)/python -m benchmarks.pairs $(ARGS)

bench: services ## hand-overs beside bare messages of other libraries, all in one run: QUICK=1 ONLY=B1,B4; writes benchmarks/results
	@.ci/venv bench
	@.venv-bench/bin/python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY)) $(ARGS)

check: setup lint types ## lint and types only

lint: setup
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: setup
	@$(BIN)/mypy

format: setup ## write the code in the one format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

simulate: setup ## counties under a seeded fate: SEEDS=200 FIRST=0 JOBS=2, or SEED=17 to replay one (ARGS=--trace: line by line; --liar: one member lies; --clocks; --masks)
	@$(BIN)/python -m verification.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),200) --first $(or $(FIRST),0)$(if $(JOBS), --jobs $(JOBS))) $(ARGS)

services: setup ## install what the private RabbitMQ and PostgreSQL of the tests are started from
	@$(BIN)/python -m verification.services ensure

model: setup services ## check the model of the custody protocol exhaustively, and print how far it went
	@$(BIN)/python -m pytest -q -s tests/model $(ARGS)

plants: setup services ## plant each defect into the product, see that it is found, write docs/mutants.md; ARGS="--only NAME"
	@$(BIN)/python -m verification.mutants --write $(ARGS)

examples: setup ## what the pages show in Node, PHP and Java; generated clients in TypeScript, Go and Java send forms
	@.ci/venv clients
	@$(BIN)/python -m verification.examples

vendors: setup ## write adapters/*/vendor.openapi.json: what each adapter calls in its center's own system
	@$(BIN)/python -m verification.vendors

rooms: setup ## which room of bus/ imports which: arrows, upward, circles
	@$(BIN)/python -m verification.rooms

screenshots: setup services ## every page of the console as a picture, in both languages, into build/screenshots
	@$(BIN)/python -m verification.screenshots

moved-tests: setup ## where the tests of v0.1.0 have gone: same id, moved, dropped with a cover, lost
	@$(BIN)/python -m verification.moved_tests

check-stores: setup ## judge the stores of centers: ARGS="CENTER=sqlite:////path/center.db …"
	@$(BIN)/python -m verification.checker $(ARGS)

secrets: ## random secrets for `docker compose up`, in .local/compose; CENTERS=… for more than the four
	@deploy/compose/secrets .local/compose $(CENTERS)

# The locks name no registry: pip takes the packages from wherever it is configured to, and the hashes decide.
UV ?= uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header
lock: ## compile the locks from pyproject.toml (needs uv; LOCKFLAGS=--upgrade takes newer versions)
	$(COMPILE) $(LOCKFLAGS) pyproject.toml -o requirements.lock
	$(COMPILE) $(LOCKFLAGS) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	$(COMPILE) $(LOCKFLAGS) --extra bench -c requirements.lock pyproject.toml -o requirements-bench.lock
	$(COMPILE) $(LOCKFLAGS) --group build -c requirements-dev.lock -o requirements-build.lock
	$(COMPILE) $(LOCKFLAGS) --group supply -o requirements-supply.lock
	$(COMPILE) $(LOCKFLAGS) --group clients -o requirements-clients.lock

sbom: ## of what the product is made: build/sbom.cdx.json (CycloneDX 1.6), from the hashed lock
	@.ci/venv supply
	@mkdir -p build
	@.venv-supply/bin/cyclonedx-py requirements requirements.lock --pyproject pyproject.toml --mc-type application \
	  --sv 1.6 --output-reproducible --validate -o build/sbom.$$$$.json \
	  && mv build/sbom.$$$$.json build/sbom.cdx.json

bundle: sbom ## build/four-center-bus-VERSION.tar.gz for machines without a network; MACHINES="x86_64 aarch64" PYTHONS="3.11 3.13"
	@MACHINES="$(MACHINES)" PYTHONS="$(PYTHONS)" OUT="$(OUT)" .ci/bundle

audit: ## what is known against the packages of the lock; needs the network, and fails where it cannot ask
	@.ci/venv supply
	@.venv-supply/bin/pip-audit --requirement requirements.lock --require-hashes --disable-pip --strict --progress-spinner off

clean: ## remove the .venv, the caches and what tests and demo left behind; the secrets stay
	rm -rf .venv .venv-bench .venv-supply .venv-clients .local/clients .local/services .local/releases .local/debian .local/brokers .mypy_cache .pytest_cache .ruff_cache .hypothesis demo-data build
