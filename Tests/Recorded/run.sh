#!/usr/bin/env bash
# Records the output of invctl: starts INVD on an empty data directory, runs each command of commands.txt
# with INVCTL, and writes the command, its exit code and its output to OUT/NNN.txt.
#
#   run.sh INVD INVCTL OUT
#
# Both programs use a clock (clock.c) that is constant while a command runs and advances by a minute
# before the next one, so that times, and everything derived from them, are the same in every run.
set -euo pipefail

[ $# = 3 ] || { echo "usage: run.sh INVD INVCTL OUT" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
invd=$(realpath -e "$1")
invctl=$(realpath -e "$2")
mkdir -p "$3"
out=$(realpath -e "$3")
rm -f "$out"/[0-9][0-9][0-9].txt

# On every exit the server is stopped and temporary files are removed.
work=$(mktemp -d)
daemon=
finish() {
    if [ -n "$daemon" ]; then
        kill -TERM "$daemon" 2>/dev/null || true
        wait "$daemon" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# The user's own settings must not affect the run.
for name in $(compgen -e); do
    case $name in INVD_* | INVCTL_* | XDG_* | *PAGER | COLUMNS | LINES | TERM) unset "$name" ;; esac
done
export HOME="$work/home" NO_COLOR=1 TZ=UTC LANG=C.UTF-8 LC_ALL=C.UTF-8
export INVCTL_ACTOR=keeper RECORDED_CLOCK="$work/clock"
mkdir "$HOME"
cp -r "$here/files" "$work/shop"
cd "$work/shop"

"${CC:-clang}" -O1 -shared -fPIC -o "$work/clock.so" "$here/clock.c"
# Renamed into place, so that no reader sees a partial number.
set_clock() { echo "$1" >"$work/clock.new" && mv "$work/clock.new" "$work/clock"; }
now=$(date -d 2026-04-06T07:00:00Z +%s)
set_clock "$now"

mkfifo "$work/ready"
env LD_PRELOAD="$work/clock.so" "$invd" --data-dir "$work/data" --listen 127.0.0.1:0 \
    --scrub-seconds 0 >"$work/ready" 2>"$work/log" </dev/null &
daemon=$!
read -r -t 60 _ INVCTL_SERVER _ <"$work/ready" || {
    echo "invd did not start:" >&2
    cat "$work/log" >&2
    exit 1
}
export INVCTL_SERVER

# Exactly what differs from run to run.
placeholders=(
    # The server's address and the temporary directory.
    -e "s|$INVCTL_SERVER|SERVER|g"
    -e "s|$work|WORK|g"
    # The duration of a ping, a snapshot or (--timing) a command.
    -e 's/^(pong .*) [0-9]+ µs$/\1 DURATION/'
    -e 's/^(snapshot .*) [0-9]+ ms$/\1 DURATION/'
    -e 's/^time [0-9.]+ (µs|ms|s)$/time DURATION/'
    -e 's/"(micro|milli)seconds":[0-9]+/"\1seconds":DURATION/'
    # The size of a snapshot: it has random session ids, which compress differently.
    -e 's/^(snapshot .*) [1-9][0-9,]* bytes/\1 SIZE bytes/'
    -e 's/"byteCount":[1-9][0-9]*/"byteCount":SIZE/'
    # Times that the server measures, the bytes of answers that contain them, and the number and size of
    # log blocks, which depend on timing.
    -e 's/^([A-Za-z]*Microseconds[A-Za-z0-9]*|answerBytes|logBlocks|logBlockBytes)\t[0-9]+$/\1\tMEASURED/'
)

invctl() { timeout --foreground 60 env LD_PRELOAD="$work/clock.so" "$invctl" "$@"; }

count=0
while IFS= read -r line; do
    case $line in
        '' | '#'*) continue ;;
        'clock '*)
            now=$(date -d "${line#clock }" +%s)
            set_clock "$now"
            continue
            ;;
    esac
    count=$((count + 1))
    code=0
    (eval "$line") >"$work/stdout" 2>"$work/stderr" </dev/null || code=$?
    {
        printf '$ %s\nexit code: %s\n-- standard output\n' "$line" "$code"
        cat "$work/stdout"
        printf -- '-- standard error\n'
        cat "$work/stderr"
    } | sed -E "${placeholders[@]}" >"$out/$(printf %03d "$count").txt"
    now=$((now + 60))
    set_clock "$now"
done <"$here/commands.txt"

kill -TERM "$daemon"
code=0
wait "$daemon" || code=$?
daemon=
[ "$code" = 0 ] || { echo "invd ended with $code:" >&2; cat "$work/log" >&2; exit 1; }
echo "$count commands recorded in $3"
