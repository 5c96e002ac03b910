#!/usr/bin/env bash
# What an import of past sales costs: CPU of client and server, memory of the server, bytes of its log, for each row.
#
#   import.sh [DIR]     DIR has invd and invctl, built for release; default: ../.build/release
#
# SALES (1,000,000) rows of three to a receipt, on PRODUCTS (1,000) products. CPU is user and system time, which other
# load on the machine changes little; the rows per second do depend on it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
programs=$(cd "${1:-$here/../.build/release}" && pwd)
sales=${SALES:-1000000} products=${PRODUCTS:-1000}
work=$(mktemp -d)
daemon=
finish() {
    [ -z "$daemon" ] || { kill -TERM "$daemon" && wait "$daemon"; } 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Two files with different references: the first warms up, and creates products, levels and indexes.
for part in warm main; do
    python3 - "$sales" "$products" "$part" >"$work/$part.csv" <<'PYTHON'
import sys, time
sales, products, part = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
print("sku,quantity,price,occurredAt,reference")
step = 365 * 86_400 / sales
for row in range(sales if part == "main" else 3 * products):
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + int(row // 3 * 3 * step)))
    product = row * 7919 % products
    print(f"SKU-{1000000 + product},{1 + row % 4},{1 + product % 99}.99,{at},{part[0]}{row // 3}")
PYTHON
done

mkfifo "$work/ready"
"$programs/invd" --data-dir "$work/data" --listen 127.0.0.1:0 --snapshot-mib 65536 >"$work/ready" 2>"$work/log" &
daemon=$!
read -r -t 60 _ INVCTL_SERVER _ <"$work/ready"
export INVCTL_SERVER

"$programs/invctl" import "$work/warm.csv" --as sales --quiet --timeout 300 >/dev/null
python3 - "$daemon" "$programs/invctl" "$work" "$sales" <<'PYTHON'
import json, os, resource, subprocess, sys, time
pid, invctl, work, sales = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
tick = os.sysconf("SC_CLK_TCK")

def server():
    fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
    status = open(f"/proc/{pid}/status").read().split("VmRSS:")[1]
    return int(fields[11]) / tick, int(fields[12]) / tick, int(status.split()[0]) * 1024

def stats():
    done = subprocess.run([invctl, "stats", "-o", "json"], capture_output=True, text=True, check=True)
    return {row["name"]: row["value"] for row in json.loads(done.stdout)}

before, counters = server(), stats()
begin = time.monotonic()
done = subprocess.run(
    [invctl, "import", f"{work}/main.csv", "--as", "sales", "--quiet", "--timeout", "300"], capture_output=True, text=True)
seconds = time.monotonic() - begin
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
after, counters_after = server(), stats()
if not done.stdout.startswith(f"{sales} rows: {sales} accepted, 0 rejected"):
    sys.exit(f"not all rows were imported: {done.stdout}{done.stderr}")
print(f"{sales:,} rows in {seconds:.2f} s: {sales / seconds:,.0f} a second")
print(f"client   {usage.ru_utime / sales * 1e9:8,.0f} ns user   {usage.ru_stime / sales * 1e9:6,.0f} ns system a row")
print(f"server   {(after[0] - before[0]) / sales * 1e9:8,.0f} ns user   {(after[1] - before[1]) / sales * 1e9:6,.0f} ns system a row")
print(f"memory   {(after[2] - before[2]) / sales:8,.1f} bytes a row")
log = counters_after["logBlockBytes"] - counters["logBlockBytes"]
print(f"log      {log / sales:8,.1f} bytes a row")
PYTHON
