# Two commands are enough on a machine with Swift and git:
#
#   make run     builds, starts invd on a new data directory, loads the sample catalog and shows stock live;
#                Ctrl-C ends it. Without a terminal it shows a short run and ends.
#   make test    installs the tests' dependencies, checks the format, builds with warnings as errors, and
#                runs every test, a few seconds of fuzzing and the ratios of the benchmarks.
#
#   make check-more             ThreadSanitizer, documentation without warnings, the benchmarks
#                               optimized, the recorded output of invctl, longer runs: before a change is
#                               complete
#   make recorded-accept        accepts the output of invctl as it is now
#   make typescripts OUT=DIR    the screens of the most used commands at three sizes, as text
#   make long-NAME RUNS=10      a long campaign, from seed FIRST or from the end of the last one; each part
#                               adds a line to Benchmarks/Trust/CAMPAIGNS.md:
#     simulation                whole lives of a server under faults
#     crash-states              lives of a database, each interrupted at every moment in 24 ways
#     bit-flips                 one bit in 127 of a log and a snapshot; 127 runs flip every one
#     failed-calls              a failed write or sync, or a full disk, at each of 2,000 operations
#     kills                     100 times kill -9 of the real daemon on the real disk, under load
#     retries                   20,000 retried commands, over lost connections and restarts
#     keys                      one idempotency key, which survives a kill -9
#     insight-queries           a random ledger and 250 queries, each compared with a model of every row
#     value-conservation        10,000 random moves, each minor unit accounted for after every one
#     boundary-walk             a sixth of every number in every query, through its boundaries
#     fuzz-daemon               mutated requests in the life of a running daemon
#     fuzz                      RUNS inputs for every decoder, guided by coverage
#   make insights-model SALES=FILE   insights over a file of sales compared with SQL over the same
#
# CONTRIBUTING.md says when to run which.

SHELL := /bin/bash
IMPORTS := --explicit-target-dependency-import-check error
CAMPAIGN := bash Benchmarks/Trust/campaign.sh

.PHONY: run test build lint dependencies test-dependencies clean
.PHONY: debug-build fuzz-seconds ratios check-more tsan documentation packages recorded longer-runs
.PHONY: recorded-accept typescripts
.PHONY: long-simulation long-crash-states long-bit-flips long-failed-calls long-kills long-retries long-keys
.PHONY: long-insight-queries long-value-conservation long-boundary-walk long-fuzz-daemon long-fuzz
.PHONY: insights-model

run: build
	@.build/release/invd --version
	@bash Catalog/run.sh

# MARK: - Every change: make test, which is what .ci/run calls

test: lint test-dependencies debug-build
	swift test --skip-build --no-parallel $(IMPORTS)
	@$(MAKE) --no-print-directory fuzz-seconds ratios

lint:
	swift format lint --strict --recursive Sources Tests Fuzzing/Sources Benchmarks/Benchmarks \
		Package.swift Fuzzing/Package.swift Benchmarks/Package.swift

# The fuzzer is built by Fuzzing/run.sh, with its own flags.
debug-build: dependencies
	swift build --build-tests $(IMPORTS)
	swift build --package-path Benchmarks $(IMPORTS)

fuzz-seconds: dependencies
	SECONDS_EACH=3 bash Fuzzing/run.sh

ratios: dependencies
	bash Benchmarks/check.sh

build: dependencies
	swift build -c release

# liblz4 compresses snapshots and the log.
dependencies:
	@test -e /usr/include/lz4.h || bash Catalog/install.sh liblz4-dev

# The tests compare an import with a model written in Python, import a workbook by xlsx2csv, and convert an export
# by DuckDB; without that one test is skipped.
test-dependencies: dependencies
	@python3 -c 'import sqlite3' 2>/dev/null || bash Catalog/install.sh python3
	@command -v xlsx2csv >/dev/null || bash Catalog/install.sh xlsx2csv
	@python3 -c 'import duckdb' 2>/dev/null || python3 -m pip install -q duckdb 2>/dev/null \
		|| python3 -m pip install -q --break-system-packages duckdb 2>/dev/null \
		|| echo "note: Python's module duckdb cannot be installed; the test of Parquet files is skipped"

# MARK: - Before a change is complete: make check-more

check-more: tsan documentation packages recorded longer-runs

# Data races between the threads of server and client, in a separate build directory.
tsan: dependencies
	swift test --sanitize=thread --scratch-path .build/tsan --no-parallel \
		--filter 'DurabilityTests|InventoryServerTests|InventoryClientTests|SimulationTests'

documentation: dependencies
	bash Catalog/documentation.sh

packages: dependencies
	swift build -c release --package-path Benchmarks

# The output and exit codes of hundreds of commands, compared with the checksums that are committed.
recorded: dependencies
	swift build --build-tests $(IMPORTS)
	bash Tests/Recorded/check.sh .build/debug/invd .build/debug/invctl .build/recorded

recorded-accept: dependencies
	swift build --build-tests $(IMPORTS)
	bash Tests/Recorded/check.sh .build/debug/invd .build/debug/invctl .build/recorded --accept

typescripts: dependencies
	@test -n "$(OUT)" || { echo "error: name a directory: make typescripts OUT=DIR" >&2; exit 2; }
	swift build --build-tests $(IMPORTS)
	INVD_TYPESCRIPTS=$(abspath $(OUT)) swift test --skip-build --no-parallel $(IMPORTS) \
		--filter TypescriptTests

longer-runs: dependencies
	RUNS=200 $(MAKE) --no-print-directory long-simulation
	RUNS=200 $(MAKE) --no-print-directory long-crash-states
	RUNS=400 $(MAKE) --no-print-directory long-insight-queries
	RUNS=20 $(MAKE) --no-print-directory long-value-conservation
	RUNS=4 $(MAKE) --no-print-directory long-kills

# MARK: - Long campaigns: make long-NAME FIRST=1 RUNS=10

long-simulation: dependencies
	$(CAMPAIGN) simulation 500 'a long run of seeds'

long-crash-states: dependencies
	$(CAMPAIGN) crash-states 200 CrashStatesTests

long-bit-flips: dependencies
	$(CAMPAIGN) bit-flips 127 EveryBitTests

long-failed-calls: dependencies
	$(CAMPAIGN) failed-calls 20 FailedCallsTests

long-kills: dependencies
	$(CAMPAIGN) kills 4 'kills in the middle'

long-retries: dependencies
	$(CAMPAIGN) retries 10 RetryTests

long-keys: dependencies
	$(CAMPAIGN) keys 1000000 'every key is known'

long-insight-queries: dependencies
	$(CAMPAIGN) insight-queries 400 'random queries equal a model'

long-value-conservation: dependencies
	$(CAMPAIGN) value-conservation 100 ValueConservationTests

long-boundary-walk: dependencies
	$(CAMPAIGN) boundary-walk 6 BoundaryWalkTests

long-fuzz-daemon: dependencies
	$(CAMPAIGN) fuzz-daemon 100 'whole frames with any content'

long-fuzz: dependencies
	FIRST=$(or $(FIRST),1) RUNS=$(or $(RUNS),1000000) bash Fuzzing/run.sh

insights-model: test-dependencies
	@test -n "$(SALES)" || { echo "error: name the file: make insights-model SALES=FILE" >&2; exit 2; }
	INVD_SALES=$(abspath $(SALES)) swift test -c release --scratch-path .build/long -Xswiftc -enable-testing \
		--no-parallel --filter InsightModelTests

clean:
	rm -rf .build .run
