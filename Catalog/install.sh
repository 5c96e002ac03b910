#!/usr/bin/env bash
# Installs Debian packages, as root or through sudo, or prints how to.
set -euo pipefail
packages=("$@")
if ! command -v apt-get >/dev/null; then
    echo "error: install ${packages[*]} with this system's package manager, then try again" >&2
    exit 1
fi
as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || { echo "error: run as root: apt-get install ${packages[*]}" >&2; exit 1; }
    as_root=(sudo)
fi
echo "installing ${packages[*]}"
"${as_root[@]}" apt-get install -y -qq "${packages[@]}" >/dev/null 2>&1 || {
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" apt-get install -y -qq "${packages[@]}" >/dev/null
}
