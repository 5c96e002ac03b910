#!/usr/bin/env bash
# Starts invd on its own data directory, imports the sample catalog, and shows live stock. invd is stopped
# when the script exits.
set -euo pipefail
cd "$(dirname "$0")/.."
data=.run/data
ctl=.build/release/invctl
mkdir -p .run
listen=${INVD_LISTEN:-127.0.0.1:7411}
ready=.run/ready
rm -f "$ready"; mkfifo "$ready"
.build/release/invd --data-dir "$data" --listen "$listen" >"$ready" 2>.run/invd.log &
daemon=$!
stop() {
    kill -TERM "$daemon" 2>/dev/null || true
    wait "$daemon" 2>/dev/null || true
    rm -f "$ready"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
read -r line <"$ready" || { echo "error: invd did not start:" >&2; tail -n 3 .run/invd.log >&2; exit 1; }
export INVCTL_SERVER=${line#ready }
INVCTL_SERVER=${INVCTL_SERVER%% *}
echo "invd listens on $INVCTL_SERVER, its data is in $data"
$ctl import Catalog/sample.csv --timeout 30
if [ -t 1 ]; then
    cat <<EOT

Live changes of stock. In a second terminal try:

  .build/release/invctl sell LAP-01=1 MOU-09=2 --ref POS-1 --server $INVCTL_SERVER
  .build/release/invctl product list --server $INVCTL_SERVER

Ctrl-C stops it.

EOT
    $ctl watch stock
else
    # Without a terminal: a sale and a delivery while a watcher runs, then exit.
    $ctl watch stock --count 3 >.run/watched 2>.run/watching &
    watcher=$!
    for _ in $(seq 100); do
        grep -q '^watching' .run/watching && break
        sleep 0.1
    done
    $ctl sell LAP-01=1 MOU-09=2 --ref POS-1 --id "run-$$-1"
    $ctl stock restock LAP-01=1@720.00 --ref PO-1 --id "run-$$-2"
    wait "$watcher"
    echo "the watcher printed:"
    cat .run/watched
    $ctl stock low
    $ctl verify --quiet
fi
