#!/bin/sh
# Builds the package in samples/EmbeddingExample, which depends on this one as a user's would, runs its programs, and
# looks at what they print: example.sh BUILD [MODEL]
# BUILD is where its products go; MODEL stands in for zoo/clip-tiny.
set -eu
cd "$(dirname "$0")/.."
build=$1
model=${2:-zoo/clip-tiny}
package=samples/EmbeddingExample
article=Documentation.docc/EmbedImagesAndText.md

fail() {
    printf 'example: %s\n' "$1" >&2
    exit 1
}

# The article's code is the guide's, line by line.
awk '/^```/ { code = $0 == "```swift"; next } code' "$article" | sed 's/^ *//' | grep . | while read -r line; do
    sed 's/^ *//' "$package"/Sources/Guide/*.swift | grep -qxF -e "$line" || fail "not in the guide: $line"
done

swift build -q --package-path "$package" --scratch-path "$build"
programs=$(swift build --package-path "$package" --scratch-path "$build" --show-bin-path)

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/zoo" "$place/models"
ln -s "$PWD/samples" "$place/samples"
ln -s "$PWD/zoo/resnet-cifar10" "$place/zoo/resnet-cifar10"
ln -s "$(readlink -f "$model")" "$place/zoo/clip-tiny"
ln -s "$PWD/Tests/SentenceEncoderTests/Fixtures/minilm" "$place/models/all-MiniLM-L6-v2"

(cd "$place" && "$programs/EmbeddingExample") > "$place/example.txt" || fail "EmbeddingExample failed"
cat "$place/example.txt"
rows=$(grep -cE '^[a-z]+\.png: a photo of an? [a-z]+\. \(-?[01](\.[0-9]+)?(e-[0-9]+)?\)$' "$place/example.txt" || true)
[ "$rows" -eq 6 ] || fail "expected six pictures with a sentence and a cosine each, found $rows"

(cd "$place" && "$programs/Guide") > "$place/guide.txt" || fail "Guide failed"
tail -n 1 "$place/guide.txt" | grep -qE '^-?[01](\.[0-9]+)?(e-[0-9]+)?$' || fail "the guide did not reach its end"
