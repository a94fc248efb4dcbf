#!/bin/sh
# Builds the documentation of the library modules with DocC: docs.sh BUILD OUTPUT
# BUILD is where `swift build` put its products, OUTPUT gets the archive. A warning is an error, and so is a public name
# without a documentation comment.
set -eu
cd "$(dirname "$0")/.."
build=$1
output=$2
modules="TensorCore Files JSON Checkpoints Hub Media Text Audio CTC Randomness Layers ImageClassifiers DualEncoder SentenceEncoder AudioEncoder GAN Diffusion LatentDiffusion VectorIndex ModelZoo"

docc=$(command -v docc || true)
[ -n "$docc" ] || docc=$(dirname "$(readlink -f "$(command -v swift)")")/docc
[ -x "$docc" ] || { echo "docs: docc is not part of this toolchain" >&2; exit 69; }

maps=""
for map in "$build"/*.build/module.modulemap Sources/CLib*/module.modulemap; do
    maps="$maps -Xcc -fmodule-map-file=$map"
done
target=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p' | head -n 1)
graphs=$(mktemp -d)
trap 'rm -rf "$graphs"' EXIT
for module in $modules; do
    # shellcheck disable=SC2086 # a list of options
    swift symbolgraph-extract -module-name "$module" -I "$build/Modules" $maps -target "$target" -pretty-print \
        -minimum-access-level public -skip-synthesized-members -output-dir "$graphs"
done

# A symbol is an object four spaces deep, its own keys are six deep.
undocumented=$(awk '
    FNR == 1 { inside = 0 }
    /^  "symbols"/ { inside = 1 }
    /^  \]/ { inside = 0 }
    /^    \{/ { documented = 0; name = "" }
    /^      "docComment"/ { documented = 1 }
    /^        "title"/ { name = $0 }
    /^    \}/ && inside && !documented { gsub(/.*": "|",?$/, "", name); print FILENAME ": " name }
' "$graphs"/*.json | sed 's,.*/\([^/]*\)\.symbols\.json,\1,')
if [ -n "$undocumented" ]; then
    printf 'docs: public names without a documentation comment:\n%s\n' "$undocumented" >&2
    exit 1
fi

rm -rf "$output"
mkdir -p "$(dirname "$output")"
"$docc" convert Documentation.docc --additional-symbol-graph-dir "$graphs" --warnings-as-errors \
    --fallback-display-name Zoo --fallback-bundle-identifier zoo --output-path "$output"
