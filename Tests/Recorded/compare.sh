#!/usr/bin/env bash
# Compares two recordings of run.sh: prints the differences as unified diffs, then the number of
# identical commands. Exits with 0 only if all are identical.
#
#   compare.sh OUT1 OUT2
set -euo pipefail

[ $# = 2 ] && [ -d "$1" ] && [ -d "$2" ] || { echo "usage: compare.sh OUT1 OUT2" >&2; exit 2; }
all=0
identical=0
while IFS= read -r name; do
    all=$((all + 1))
    # A file that only one of them has is compared with an empty one.
    diff -u --new-file --label "$1/$name" --label "$2/$name" "$1/$name" "$2/$name" \
        && identical=$((identical + 1))
done < <(find "$1" "$2" -name '[0-9]*.txt' -printf '%f\n' | sort -u)
echo "$identical of $all identical"
[ "$all" -gt 0 ] && [ "$identical" = "$all" ]
