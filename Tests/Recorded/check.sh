#!/usr/bin/env bash
# Records the output of every command of commands.txt (run.sh) in OUT and compares it with outputs.txt, which
# has a checksum for each. Prints the commands whose output or exit code changed, and exits with 0 only if none
# did. With --accept it writes outputs.txt instead: that is committed with the change that altered the output.
#
#   check.sh INVD INVCTL OUT [--accept]
#
# To see what a change altered, record the commit before it too, and compare: compare.sh OLD OUT.
set -euo pipefail

[ $# = 3 ] || { [ $# = 4 ] && [ "$4" = --accept ]; } \
    || { echo "usage: check.sh INVD INVCTL OUT [--accept]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
# Fewer would mean that the recording ended early.
count_min=250

bash "$here/run.sh" "$1" "$2" "$3"
new=$(mktemp)
trap 'rm -f "$new"' EXIT
for file in "$3"/[0-9][0-9][0-9].txt; do
    read -r sum _ < <(sha256sum "$file")
    # The number, a checksum of the command, its exit code and its output, and the command.
    printf '%s\t%s\t%s\n' "$(basename "$file" .txt)" "${sum:0:16}" "$(head -n 1 "$file" | cut -c 3-)"
done >"$new"
count=$(wc -l <"$new")
[ "$count" -ge "$count_min" ] || { echo "error: only $count commands were recorded" >&2; exit 1; }

if [ $# = 4 ]; then
    cp "$new" "$here/outputs.txt"
    echo "accepted the output of $count commands"
    exit
fi
if diff "$here/outputs.txt" "$new" >"$3/changed.txt"; then
    echo "the output of $count commands is unchanged"
else
    # Only removed commands have no such line.
    grep '^>' "$3/changed.txt" | cut -f 1,3 || cat "$3/changed.txt"
    echo "error: the output of these commands changed; if it should, run: make recorded-accept" >&2
    exit 1
fi
