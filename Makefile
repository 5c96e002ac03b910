# Two commands do everything on a machine that has Swift and git:
#
#   make run     builds, starts invd on a data directory of its own, loads the sample catalog and shows
#                stock live; Ctrl-C ends it. Off a terminal it shows a short run and ends.
#   make test    installs what the tests need, checks the format, builds with warnings as errors and
#                runs every test.
#
# Longer looks at its trust, each as long as you like:
#
#   make simulate SEEDS=10000           whole lives of a server under faults, from seed FIRST on
#   make crash-states STATES=10000000   starts from what a power cut may leave
#   make bit-flips                      every single bit of a log and of a snapshot, flipped
#   make insight-queries QUERIES=200000 random questions, each against a model that looks at every row
#   make insights-model SALES=FILE      insights over a whole file of sales against SQL over the same
#   make fuzz SECONDS_EACH=60           every decoder, guided by what its input reaches
#   make fuzz-daemon SECONDS=1800       mutated requests against the running daemon, from seed FIRST on;
#                                       RESULTS=FILE gets a line
#   make kill-cycles KILLS=2000         kill -9 of the real daemon on the real disk, under load
#   make failed-calls OPERATIONS=10000  a failed write or sync, or a full disk, at each of them in turn
#   make tsan                           server, client and simulation under ThreadSanitizer
#   make retries RETRIES=1000000        commands sent again, over lost connections and restarts;
#                                       KEYS=1000000 with keys, over a kill -9
#   make boundary-walk                  every number of every question too, through its boundaries
#   make packages                       builds what is in Benchmarks and Fuzzing, as strictly as the rest
#   make value-conservation STEPS=1000000   random moves, each minor unit accounted for after every one

SHELL := /bin/bash
IMPORTS := --explicit-target-dependency-import-check error

.PHONY: run test build lint dependencies test-dependencies clean
.PHONY: tsan simulate crash-states bit-flips kill-cycles failed-calls retries fuzz insight-queries insights-model
.PHONY: boundary-walk fuzz-daemon packages
.PHONY: value-conservation

SEEDS ?= 1000
FIRST ?= 1000
STATES ?= 2000000
KILLS ?= 200
OPERATIONS ?= 10000
KEYS ?= 1000000
RETRIES ?= 1000000
QUERIES ?= 200000
STEPS ?= 1000000
SECONDS_EACH ?= 60
SECONDS ?= 60
RESULTS ?=

run: build
	@.build/release/invd --version
	@bash Catalog/run.sh

test: lint test-dependencies
	swift build --build-tests $(IMPORTS)
	swift test --skip-build --no-parallel $(IMPORTS)

build: dependencies
	swift build -c release --product invd
	swift build -c release --product invctl

lint:
	swift format lint --strict --recursive Sources Tests Package.swift

# liblz4 compresses snapshots and the log.
dependencies:
	@test -e /usr/include/lz4.h || bash Catalog/install.sh liblz4-dev

# The tests compare an import with a model written in Python.
test-dependencies: dependencies
	@python3 -c 'import sqlite3' 2>/dev/null || bash Catalog/install.sh python3

# Optimised, in a place of its own: the tests proper are built for debugging.
LONG = swift test -c release --scratch-path .build/long -Xswiftc -enable-testing --no-parallel

simulate: dependencies
	INVD_SIMULATION_SEEDS=$(SEEDS) INVD_SIMULATION_FIRST=$(FIRST) \
		$(LONG) --filter 'SimulationTests/a_long_run|a long run of seeds'

crash-states: dependencies
	INVD_CRASH_STATES=$(STATES) $(LONG) --filter CrashStatesTests

bit-flips: dependencies
	INVD_EVERY_BIT=1 $(LONG) --filter EveryBitTests

kill-cycles: dependencies
	INVD_KILLS=$(KILLS) $(LONG) --filter CrashRecoveryTests

failed-calls: dependencies
	INVD_OPERATIONS=$(OPERATIONS) $(LONG) --filter FailedCallsTests

retries: dependencies
	INVD_RETRIES=$(RETRIES) $(LONG) --filter RetryTests
	INVD_KEYS=$(KEYS) $(LONG) --filter IdempotencyTests

value-conservation: dependencies
	INVD_VALUE_STEPS=$(STEPS) $(LONG) --filter ValueConservationTests

insight-queries: dependencies
	INVD_INSIGHT_QUERIES=$(QUERIES) INVD_INSIGHT_FIRST=$(FIRST) $(LONG) --filter RandomQueryTests

insights-model: test-dependencies
	@test -n "$(SALES)" || { echo "error: name the file: make insights-model SALES=FILE" >&2; exit 2; }
	INVD_SALES=$(abspath $(SALES)) $(LONG) --filter InsightModelTests

# Data races between the threads of server and client, in a place of its own.
tsan: dependencies
	swift test --sanitize=thread --scratch-path .build/tsan --no-parallel \
		--filter 'DurabilityTests|InventoryServerTests|InventoryClientTests|SimulationTests'

fuzz: dependencies
	SECONDS_EACH=$(SECONDS_EACH) bash Fuzzing/run.sh

boundary-walk: dependencies
	INVD_WALK_ALL=1 $(LONG) --filter BoundaryWalkTests

fuzz-daemon: dependencies
	INVD_FUZZ_SECONDS=$(SECONDS) INVD_FUZZ_FIRST=$(FIRST) \
		INVD_FUZZ_RESULTS=$(if $(RESULTS),$(abspath $(RESULTS))) \
		$(LONG) --filter 'whatever whole frames say'

# The fuzzer is linked by Fuzzing/run.sh alone, with its own flags: here it only has to compile.
packages: dependencies
	swift build --package-path Benchmarks
	swift build --package-path Fuzzing --target fuzz

clean:
	rm -rf .build .run
