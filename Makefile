# Two commands do everything on a machine that has Swift and git:
#
#   make run     builds, starts invd on a data directory of its own, loads the sample catalog and shows
#                stock live; Ctrl-C ends it. Off a terminal it shows a short run and ends.
#   make test    installs what the tests need, checks the format, builds with warnings as errors and
#                runs every test.

SHELL := /bin/bash
IMPORTS := --explicit-target-dependency-import-check error

.PHONY: run test build lint dependencies test-dependencies clean

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
	@command -v python3 >/dev/null || bash Catalog/install.sh python3-minimal

clean:
	rm -rf .build .run
