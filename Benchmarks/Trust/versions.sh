#!/usr/bin/env bash
# The preceding version and this one, in turns on one data directory: killed during a snapshot each time;
# then both must read the same state.
#
#     Benchmarks/Trust/versions.sh COMMIT [ROUNDS]
#
# COMMIT is the preceding version; it is built separately. Alternatively BEFORE is a folder with its invd and
# invctl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
commit=${1:?which commit is the preceding version?}
rounds=${2:-40}
build=$root/.build/versions
mkdir -p "$build"
if [ -z "${BEFORE:-}" ]; then
    git -C "$root" worktree remove --force "$build/source" 2>/dev/null || true
    git -C "$root" worktree add -q --detach "$build/source" "$commit"
    trap 'git -C "$root" worktree remove --force "$build/source"' EXIT
    (cd "$build/source" && for product in invd invctl; do
        swift build -c release --scratch-path "$build/before" --product "$product"
    done) >&2
    BEFORE=$build/before/release
fi
(cd "$root" && swift build -c release --product invd && swift build -c release --product invctl) >&2
python3 "$here/versions.py" "$BEFORE" "$root/.build/release" "$rounds"
