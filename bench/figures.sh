#!/bin/sh
# Prints this machine's figures, one JSON document a line: state tree, signatures, simulator, load on four local validators.
set -eu
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}/release
home=$(mktemp -d)
trap '"$target/heddle" localnet stop --home "$home/net" >/dev/null 2>&1 || true; rm -rf "$home"' EXIT INT TERM

"$target/heddle-bench" state --json
"$target/heddle-bench" crypto --json
"$target/heddle" localnet start --home "$home/net" --port-base 0 --detach --json >/dev/null
faucet="$home/net/accounts/faucet.json"
for rate in 1000 5000; do
    "$target/heddle-bench" load transfer --home "$home/net" --faucet "$faucet" --rate "$rate" --duration 30s \
        --out "$home/load-$rate" --json
done
