#!/usr/bin/env bash
# Behaviour of invd and its peers on disk faults: one flipped bit in the log, a log truncated at any byte,
# a full disk. Installs the peers, prints a table, and stops all servers.
#
#     Benchmarks/Trust/run.sh [--trials 60] [--only NAME]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=$root/.build/trust
mkdir -p "$build"

missing=()
for program in redis-server:redis-server nats-server:nats-server python3:python3; do
    command -v "${program%%:*}" >/dev/null || missing+=("${program##*:}")
done
python3 -c 'import venv, ensurepip' 2>/dev/null || missing+=(python3-venv)
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -q
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
    # The packages start their own services, which would interfere.
    for service in redis-server nats-server; do service "$service" stop || true; done
fi
[ -x "$build/venv/bin/python" ] || python3 -m venv "$build/venv"
"$build/venv/bin/python" -c 'import duckdb' 2>/dev/null || "$build/venv/bin/pip" install -q duckdb
(cd "$root" && swift build -c release --product invd && swift build -c release --product invctl) >&2
# In a new mount namespace, a small file system can be mounted and filled.
exec unshare --user --map-root-user --mount "$build/venv/bin/python" "$here/trust.py" "$@"
