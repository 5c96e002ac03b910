#!/usr/bin/env bash
# Builds the documentation of every Swift module below Sources from its comments, into
# .build/docs/NAME.doccarchive; a broken link, or any other warning, is an error.
#
# Each module's documentation is self-contained: names of other modules are written as code, not as links.
set -euo pipefail
cd "$(dirname "$0")/.."
scratch=.build/documentation
graphs=$PWD/$scratch/graphs
mkdir -p "$graphs" .build/docs
swift build --scratch-path "$scratch" -Xswiftc -emit-symbol-graph -Xswiftc -emit-symbol-graph-dir \
    -Xswiftc "$graphs" >&2
failed=()
for directory in Sources/*/; do
    module=$(basename "$directory")
    # The C modules have no symbol graph.
    find "$directory" -name '*.swift' | grep -q . || continue
    mkdir -p "$scratch/$module"
    cp "$graphs/$module.symbols.json" "$scratch/$module"
    for other in "$graphs/$module"@*.symbols.json; do
        [ ! -e "$other" ] || cp "$other" "$scratch/$module"
    done
    catalog="Sources/$module/$module.docc"
    [ -d "$catalog" ] || catalog=
    docc convert $catalog --additional-symbol-graph-dir "$scratch/$module" \
        --fallback-display-name "$module" --fallback-bundle-identifier "invd.$module" \
        --output-path ".build/docs/$module.doccarchive" --warnings-as-errors || failed+=("$module")
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "error: documentation with warnings: ${failed[*]}" >&2
    exit 1
fi
echo "the documentation of every module is in .build/docs"
