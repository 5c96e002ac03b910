#!/usr/bin/env bash
# Fuzzes every decoder from the corpus in Corpus/, for SECONDS_EACH seconds (60), or with RUNS inputs from
# seed FIRST; fails at the first input that stops one. New inputs that reach new code are stored in
# .build/corpus. With RUNS a line is added to Benchmarks/Trust/CAMPAIGNS.md, also if it fails. The dictionary
# has boundary values of arithmetic, in each of their encodings.
#
# Built for debugging: overflows and indices out of bounds trap as in release builds, and the build is faster.
set -euo pipefail
cd "$(dirname "$0")"
if [ -n "${RUNS:-}" ]; then
    bounds=(-runs="$RUNS" -seed="${FIRST:-1}")
    limit="$RUNS inputs from seed ${FIRST:-1}"
else
    bounds=(-max_total_time="${SECONDS_EACH:-60}")
    limit="${SECONDS_EACH:-60} s"
fi
targets=${TARGETS:-frame hello request reply command insight entry table block file manifest parity snapshot backup records condition flags codes resume}

# Adds the line of this campaign: its verdict and what was seen last.
record() {
    [ -z "${RUNS:-}" ] || echo "| $(date -u +%F) | fuzz | ${FIRST:-1} to ${FIRST:-1} | $(git rev-parse --short HEAD) | $1 | $SECONDS s | $2 |" \
        >>../Benchmarks/Trust/CAMPAIGNS.md
}

fail() {
    record FAILED "$1"
    exit 1
}

swift build --product fuzz --explicit-target-dependency-import-check error -Xswiftc -sanitize=fuzzer -Xswiftc -parse-as-library -Xlinker -lm
for target in $targets; do
    mkdir -p ".build/corpus/$target" "Corpus/$target"
    echo "== $target, $limit"
    FUZZ_TARGET=$target .build/debug/fuzz "${bounds[@]}" -rss_limit_mb=512 -malloc_limit_mb=64 \
        -dict=boundaries.dict -print_final_stats=1 -print_funcs=0 -artifact_prefix=".build/$target-" \
        ".build/corpus/$target" "Corpus/$target" 2>&1 |
        tee ".build/$target.log" | grep -E "ERROR|SUMMARY|number_of_executed|DONE|Test unit" || true
    if grep -qE "ERROR|SUMMARY" ".build/$target.log"; then
        fail "$target: $(grep -E 'ERROR|SUMMARY' ".build/$target.log" | tail -n 1 | tr '|' '/')"
    fi
    if ! grep -q number_of_executed ".build/$target.log"; then
        tail -n 5 ".build/$target.log"
        fail "$target ended early: $(tail -n 1 ".build/$target.log" | tr '|' '/')"
    fi
done
record passed "${RUNS:-} inputs each: $targets"
