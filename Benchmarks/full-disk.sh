#!/usr/bin/env bash
# A disk that becomes full during an import of sales: the error, what was acknowledged, and how the import resumes.
# It needs root, for a small file system in memory.
#
#   full-disk.sh [DIR]     DIR has invd and invctl, built for release; default: ../.build/release
#
# SALES (1,000,000) is the number of rows, MIB (24) the size of the disk.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$(cd "${1:-$here/../.build/release}" && pwd)
sales=${SALES:-1000000} mib=${MIB:-24}
work=$(mktemp -d)
daemon=
finish() {
    [ -z "$daemon" ] || { kill -TERM "$daemon" && wait "$daemon"; } 2>/dev/null || true
    ! mountpoint -q "$work/disk" || umount "$work/disk"
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkdir "$work/disk"
mount -t tmpfs -o "size=${mib}m" tmpfs "$work/disk"
python3 - "$sales" >"$work/sales.csv" <<'PYTHON'
import sys, time
print("sku,quantity,price,occurredAt,reference")
for row in range(int(sys.argv[1])):
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + row // 3 * 60))
    print(f"S-{row * 7919 % 1000},{1 + row % 4},{1 + row % 99}.99,{at},T{row // 3}")
PYTHON

mkfifo "$work/ready"
"$programs/invd" --data-dir "$work/disk/data" --listen 127.0.0.1:0 --log-file-mib 4 --snapshot-mib 1024 \
    >"$work/ready" 2>"$work/log" &
daemon=$!
read -r -t 60 _ INVCTL_SERVER _ <"$work/ready"
export INVCTL_SERVER
rows() { "$programs/invctl" stats -o json --where "name = movements" | python3 -c 'import json, sys; print(int(json.load(sys.stdin)[0]["value"]) // 2)'; }
import() { "$programs/invctl" import "$work/sales.csv" --as sales --id full-disk --timeout 20 2>&1 || echo "exit $?"; }

echo "== import on a disk of $mib MiB"
import
before=$(rows)
echo "== recorded before the disk was full: $before of $sales rows"
"$programs/invctl" ping || true
mount -o "remount,size=$((mib * 64))m" "$work/disk"
echo "== import again, with more space"
import
after=$(rows)
echo "== recorded: $after of $sales rows"
"$programs/invctl" verify --timeout 300
[ "$after" = "$sales" ] || { echo "rows are missing or doubled" >&2; exit 1; }
kill -TERM "$daemon"
wait "$daemon" || true
daemon=
"$programs/invd" check "$work/disk/data" | tail -5
grep -E "warning|error" "$work/log" | head -5 || true
