#!/usr/bin/env bash
# Compares two recordings that run.sh made: prints what differs as a unified diff, then how many
# commands are alike. Exits with 0 only if all are.
#
#   compare.sh OUT1 OUT2
set -euo pipefail

[ $# = 2 ] && [ -d "$1" ] && [ -d "$2" ] || { echo "usage: compare.sh OUT1 OUT2" >&2; exit 2; }
all=0
alike=0
while IFS= read -r name; do
    all=$((all + 1))
    # What only one of them has is compared with an empty file.
    diff -u --new-file --label "$1/$name" --label "$2/$name" "$1/$name" "$2/$name" \
        && alike=$((alike + 1))
done < <(find "$1" "$2" -name '[0-9]*.txt' -printf '%f\n' | sort -u)
echo "$alike of $all alike"
[ "$all" -gt 0 ] && [ "$alike" = "$all" ]
