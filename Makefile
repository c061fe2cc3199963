# The four things that people do here. Each prepares the machine first: system packages, and RocksDB compiled once.
#
#   make localnet   build, and run four validators here until Ctrl-C (ARGS="--validators 7 --home DIR" ...)
#   make test       every test: what CI runs
#   make check      quick: formatting, lints, unit and property tests
#   make bench      figures of this machine, into docs/benchmarks
#   make loom       the engine's protocols between threads, in every order of the memory model
#   make soak       the long runs: kill cycles, many simulator seeds, the model over more views, mutations

SHELL := /bin/sh
TARGET := $(or $(CARGO_TARGET_DIR),target)
HEDDLE := $(TARGET)/release/heddle
ARGS ?=

.PHONY: localnet build test check loom bench soak setup

localnet: build
	$(HEDDLE) localnet start $(ARGS)

build: setup
	cargo build --release --locked --bin heddle --bin heddle-bench

setup:
	@.ci/setup

# Property tests draw the same cases in every run here; `make soak` draws others.
test check: export PROPTEST_RNG_SEED ?= 20261120

test: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --locked
	$(MAKE) loom
	consensus/mutations/run --quick
	@if command -v cargo-deny >/dev/null; then cargo deny check licenses bans sources; else echo "left out: cargo deny (not installed)"; fi

check: setup
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked
	cargo test --workspace --locked --lib --test it --exclude heddle-localnet --exclude heddle-cli

loom:
	RUSTFLAGS="--cfg loom" LOOM_MAX_PREEMPTIONS=3 \
		cargo test --locked --release -p heddle-engine --lib --target-dir $(TARGET)/loom

bench: build
	bench/figures.sh

soak: build
	localnet/soak.sh
	HEDDLE_MODEL_VIEWS=4 cargo test --release --locked -p heddle-model
	runtime/engine/mutations/run
	consensus/mutations/run
