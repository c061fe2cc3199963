#!/bin/sh
# The long runs: many simulator seeds, kill cycles and random faults on real processes. Prints what it found; stops at the first failure.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}/release
# Property tests with cases that `make test` does not draw, and every scenario of Twins.
HEDDLE_TWINS=all cargo test --release --locked --workspace --exclude heddle-cli --exclude heddle-localnet -q
HEDDLE_SEEDS=${HEDDLE_SEEDS:-200000} cargo test --release --locked -p heddle-localnet --test it -- --nocapture simulator byzantine
# Files of a home damaged one at a time.
HEDDLE_DAMAGES=${HEDDLE_DAMAGES:-200} cargo test --release --locked -p heddle-cli --test it -- --nocapture corruption
# Writes and syncs that fail at many places.
HEDDLE_DISK_FAULTS=all cargo test --release --locked -p heddle-cli --test it -- --nocapture failing_disk
localnet/kill-cycles --heddle "$target/heddle" --singles 20 --alls 10
# Exits 1 at a check that does not hold; the seed and the timeline are in what it prints.
"$target/heddle" localnet chaos --random --duration "${HEDDLE_CHAOS:-10m}" --json
