#!/usr/bin/env bash
# Executes RUNS runs of a long test from seed FIRST, optimised, and adds a line for each part to CAMPAIGNS.md,
# also for one that fails or crashes.
# FIRST defaults to the end of the last campaign of that name: an interrupted one resumes with its last part.
#
#   campaign.sh NAME RUNS-OF-A-PART FILTER
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1 part=$2 filter=$3
results=Benchmarks/Trust/CAMPAIGNS.md
last=$(awk -F'|' -v name=" $name " '$3 == name { split($4, seeds, " "); last = seeds[3] } END { print last + 0 }' "$results")
first=${FIRST:-$((last + 1))}
left=${RUNS:-$part}
commit=$(git rev-parse --short HEAD)
[ -z "$(git status --porcelain -- Sources Tests Package.swift)" ] || commit="$commit and changes"
out=$(mktemp)
trap 'rm -f "$out"' EXIT
swift build -c release --build-tests --scratch-path .build/long -Xswiftc -enable-testing
while [ "$left" -gt 0 ]; do
    runs=$((left < part ? left : part))
    start=$SECONDS
    verdict=passed
    CAMPAIGN_FIRST=$first CAMPAIGN_RUNS=$runs swift test -c release --scratch-path .build/long --skip-build \
        --no-parallel -Xswiftc -enable-testing --filter "$filter" 2>&1 | tee "$out" || verdict=FAILED
    # A crashed run has no such line.
    if [ $verdict = passed ] && ! grep -q 'Test run with [1-9]' "$out"; then
        echo "error: no test of $name ran" >&2
        exit 1
    fi
    summary=$(sed -n 's/^campaign: //p' "$out" | tail -n 1)
    echo "| $(date -u +%F) | $name | $first to $((first + runs - 1)) | $commit | $verdict | $((SECONDS - start)) s | $summary |" \
        >>"$results"
    [ $verdict = passed ] || exit 1
    first=$((first + runs)) left=$((left - runs))
done
