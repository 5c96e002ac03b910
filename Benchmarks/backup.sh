#!/usr/bin/env bash
# Measures a backup under load: its time and size, what it does to the latency of sales, and its restore. Writes
# Benchmarks/BACKUP.md.
#
#   backup.sh [DIR]     DIR has invd and invctl, built for release; default: ../.build/release
#
# PRODUCTS (1,000,000) and SALES (5,000,000) are the size of the database, RATE (10,000) the sales per second meanwhile, and
# MIB (0: no limit) the rate of the backup in MiB per second. At most 100,000 of the products are sold.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$(cd "${1:-$here/../.build/release}" && pwd)
products=${PRODUCTS:-1000000} sales=${SALES:-5000000} rate=${RATE:-10000} mib=${MIB:-0}
sold=$((products < 100000 ? products : 100000))
batch=100
work=$(mktemp -d)
daemon=
finish() {
    [ -z "$daemon" ] || { kill -TERM "$daemon" && wait "$daemon"; } 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

invctl() { local command=$1; shift; "$programs/invctl" "$command" "$@" --timeout 600; }
value() { python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$1"; }
stat_of() { invctl stats -o json --where "name = $1" | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["value"])'; }
# The pairs NAME VALUE of a load, as cells of a row.
cells() {
    python3 -c '
import json, sys
load = json.load(sys.stdin)
print(" | ".join(f"{load[name]:,.0f}" for name in ("perSecond", "p50Microseconds", "p99Microseconds", "p999Microseconds", "maxMicroseconds")))'
}
seconds() { python3 -c 'import sys; print(f"{float(sys.argv[2]) - float(sys.argv[1]):.1f}")' "$1" "$2"; }

mkfifo "$work/ready"
"$programs/invd" --data-dir "$work/data" --listen 127.0.0.1:0 --backup-mib-per-second "$mib" >"$work/ready" 2>"$work/log" &
daemon=$!
read -r -t 60 _ INVCTL_SERVER _ <"$work/ready"
export INVCTL_SERVER

python3 - $((products - sold)) >"$work/products.csv" <<'PYTHON'
import sys
print("sku,name,category,price,stock")
for number in range(int(sys.argv[1])):
    print(f"SKU-{1000000 + number},Product number {number},Category {number % 64},{1 + number % 99}.99,1000")
PYTHON
[ "$products" = "$sold" ] || invctl import "$work/products.csv" --quiet >/dev/null
invctl bench sell --products "$sold" --batch $batch --seconds $((sales / 100000 + 1)) --rate $((100000 / batch)) >/dev/null
invctl snapshot >/dev/null
load() { invctl bench sell --products "$sold" --rate "$rate" --seconds "$1" -o json; }
load 10 | cells >"$work/alone"
load 40 >"$work/loaded.json" &
selling=$!
sleep 3
first=$(invctl ping -o json | value lsn)
start=$(date +%s.%N)
invctl backup "$work/backup" -o json >"$work/taken.json"
end=$(date +%s.%N)
wait $selling
cells <"$work/loaded.json" >"$work/during"
earliest=$(value earliestLsn <"$work/taken.json") last=$(value lsn <"$work/taken.json")
size=$(value byteCount <"$work/taken.json") checksum=$(value stateChecksum <"$work/taken.json")
rows=$(stat_of movements)
kill -TERM "$daemon"
wait "$daemon" || true
daemon=

begin=$(date +%s.%N)
"$programs/invd" restore "$work/whole" "$work/backup" >"$work/restored"
restored=$(seconds "$begin" "$(date +%s.%N)")
grep -q "state checksum $checksum" "$work/restored" || { cat "$work/restored"; exit 1; }
points=
for lsn in "$earliest" $(((earliest + last) / 2)) "$first"; do
    "$programs/invd" restore "$work/point" "$work/backup" --until "$lsn" | grep -q "LSN $lsn of"
    "$programs/invd" check "$work/point" | grep -q "opens     at LSN $lsn"
    points="$points $lsn"
    rm -rf "$work/point"
done

{
    echo "# A backup under load"
    echo
    echo "On $(printf "%'d" "$products") products and $(printf "%'d" "$rows") movements. From \`Benchmarks/backup.sh\`, invd at"
    echo "\"$(git -C "$here" log -1 --format=%s)\", $(date -u +%FT%TZ); $(nproc) cores, load average $(cut -d' ' -f1 /proc/loadavg)."
    echo
    echo "| backup | |"
    echo "|---|---:|"
    echo "| steps | LSN $earliest to LSN $last |"
    echo "| size | $(printf "%'d" "$size") bytes |"
    echo "| time, with the state checksum | $(seconds "$start" "$end") s |"
    echo "| restore, with the state checksum | $restored s |"
    echo "| restored and checked also as of LSN | ${points# } |"
    echo
    echo "| sales, $(printf "%'d" "$rate")/s, each counted from when it was due | perSecond | p50Microseconds | p99Microseconds | p999Microseconds | maxMicroseconds |"
    echo "|---|---:|---:|---:|---:|---:|"
    echo "| alone | $(cat "$work/alone") |"
    echo "| with the backup | $(cat "$work/during") |"
} >"$here/BACKUP.md"
cat "$here/BACKUP.md"
