#!/usr/bin/env bash
# Runs the micro benchmarks and checks the ratios between them, which are comparable on any machine.
set -euo pipefail
cd "$(dirname "$0")"
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
swift package --allow-writing-to-directory "$out" benchmark run --target Micro \
    --format jsonSmallerIsBetter --path "$out" --quiet --no-progress >&2
python3 - "$out" <<'PYTHON'
import glob, json, sys

times = {}
for path in glob.glob(sys.argv[1] + "/**/*.json", recursive=True):
    for row in json.load(open(path)):
        if "wall" in row["name"].lower() or "time" in row["name"].lower():
            name = row["name"]
            times[name] = min(times.get(name, float("inf")), row["value"])

def time(part):
    found = [value for name, value in times.items() if part in name]
    if len(found) != 1:
        sys.exit(f"{len(found)} benchmarks named {part}: {sorted(times)}")
    return found[0]

# A benchmark, and its maximum ratio to another.
thresholds = [
    ("sale: 1000, fast path", 0.6, "sale: 1000, slow path"),
    ("log: replay 1000 sales", 0.7, "sale: 1000, slow path"),
    ("read: 1000 products", 1.0, "sale: 1000, slow path"),
]
failed = False
for name, limit, other in thresholds:
    ratio = time(name) / time(other)
    verdict = "ok" if ratio <= limit else "TOO SLOW"
    failed |= ratio > limit
    print(f"{verdict}: {name} takes {ratio:.2f} times as long as {other}; at most {limit}")
sys.exit(failed)
PYTHON
