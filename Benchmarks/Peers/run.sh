#!/usr/bin/env bash
# Installs invd's peers, runs the same work on each in turn, and writes RESULTS.md, results.json and
# the plots. All started servers are stopped.
#
#     Benchmarks/Peers/run.sh [--rounds 5] [--seconds 3] [--only TEXT,TEXT]
#     Benchmarks/Peers/run.sh size [--sizes PRODUCTS:SALES,…] [--peers PRODUCTS:SALES,…]
#     Benchmarks/Peers/run.sh insights [--sales 50000000] [--rounds 5]
#     Benchmarks/Peers/run.sh load [--products 1000000] [--sales 10000000] [--rounds 3]
#     Benchmarks/Peers/run.sh snapshots [--products 1000000] [--sales 10000000] [--rounds 3]
#     Benchmarks/Peers/run.sh till [--subscribers 1000] [--sales 5000000] [--invd NAME=PATH …]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/.build/peers
mkdir -p "$build"

# This needs none of the peers.
if [ "${1:-}" = till ]; then
    shift
    (cd "$root" && swift build -c release --product invd && swift build -c release --product invctl) >&2
    ulimit -n "$(ulimit -Hn)"
    exec python3 "$here/till.py" --out "$root/Benchmarks" "$@"
fi

missing=()
for program in redis-server:redis-server redis-benchmark:redis-tools nats-server:nats-server gcc:gcc; do
    command -v "${program%%:*}" >/dev/null || missing+=("${program##*:}")
done
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing+=(postgresql postgresql-contrib)
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
    # The packages start their own services, which would interfere.
    for service in redis-server postgresql nats-server; do service "$service" stop || true; done
fi
[ -x "$build/venv/bin/python" ] || python3 -m venv "$build/venv"
"$build/venv/bin/python" -c 'import duckdb, flask_socketio, simple_websocket, socketio, requests, websocket' 2>/dev/null ||
    "$build/venv/bin/pip" install -q -r "$here/requirements.txt"
gcc -O2 -pthread -o "$build/fanout" "$here/fanout.c"
(cd "$root" && swift build -c release --product invd && swift build -c release --product invctl) >&2
ulimit -n "$(ulimit -Hn)"
case "${1:-}" in
size)
    shift
    (cd "$root/Benchmarks" && swift build -c release --product Scale) >&2
    exec python3 "$here/size.py" --scale "$root/Benchmarks/.build/release/Scale" \
        --python "$build/venv/bin/python" --out "$root/Benchmarks" "$@"
    ;;
load)
    shift
    exec python3 "$here/load.py" --python "$build/venv/bin/python" --out "$root/Benchmarks" "$@"
    ;;
snapshots)
    shift
    (cd "$root/Benchmarks" && swift build -c release --product Scale) >&2
    exec python3 "$here/snapshots.py" --scale "$root/Benchmarks/.build/release/Scale" --out "$root/Benchmarks" "$@"
    ;;
insights)
    shift
    (cd "$root" && swift build -c release --product invd-scans) >&2
    exec "$build/venv/bin/python" "$here/insights.py" --scans "$root/.build/release/invd-scans" --out "$root/Benchmarks" "$@"
    ;;
esac
exec python3 "$here/peers.py" --driver "$build/fanout" --python "$build/venv/bin/python" \
    --out "$root/Benchmarks" "$@"
