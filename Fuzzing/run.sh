#!/usr/bin/env bash
# Fuzzes every decoder for SECONDS_EACH seconds (60), from the corpus in Corpus/; fails at the first
# input that stops one. New inputs that reach new code are kept beside it in .build/corpus. The
# dictionary has the numbers at which arithmetic goes wrong, in each of their encodings.
set -euo pipefail
cd "$(dirname "$0")"
each=${SECONDS_EACH:-60}
targets=${TARGETS:-frame hello request reply command insight entry table block file manifest parity snapshot records condition flags}
swift build -c release --product fuzz \
    -Xswiftc -sanitize=fuzzer -Xswiftc -parse-as-library -Xswiftc -enable-testing -Xlinker -lm
for target in $targets; do
    mkdir -p ".build/corpus/$target" "Corpus/$target"
    echo "== $target, $each s"
    FUZZ_TARGET=$target .build/release/fuzz -max_total_time="$each" -rss_limit_mb=512 \
        -malloc_limit_mb=64 -dict=boundaries.dict -print_final_stats=1 -print_funcs=0 -artifact_prefix=".build/$target-" \
        ".build/corpus/$target" "Corpus/$target" 2>&1 |
        tee ".build/$target.log" | grep -E "ERROR|SUMMARY|number_of_executed|DONE|Test unit" || true
    if grep -qE "ERROR|SUMMARY" ".build/$target.log"; then exit 1; fi
done
