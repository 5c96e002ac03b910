#!/usr/bin/env bash
# The version before and this one, in turns on one data directory: killed in the middle of a snapshot
# each time, and both then read the same from what is left.
#
#     Benchmarks/Trust/versions.sh COMMIT [ROUNDS]
#
# COMMIT is the version before; it is built beside this one. Its programs may be given instead, as a
# folder with invd and invctl in BEFORE.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
commit=${1:?which commit is the version before?}
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
