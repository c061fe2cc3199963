#!/bin/sh
# Prints what `heddle-bench exec` measures on this machine: every table, then each target beside what was reached.
# Usage: bench/exec-figures.sh [DIR]   with access traces N.jsonl.gz in DIR for the rows of real blocks; REPS=15 repetitions.
set -eu
cd "$(dirname "$0")/.."
bench=${CARGO_TARGET_DIR:-target}/release/heddle-bench
reps=${REPS:-15}
dir=${1:-}
planned=sequential,declared,oracle,auto
tables=$(mktemp)
trap 'rm -f "$tables"' EXIT INT TERM

# Runs `exec` and keeps its table.
run() {
    "$bench" exec --reps "$reps" "$@" | tee -a "$tables"
    echo
}

# Prints a column of the row that has this workload, work, number of accounts, mode and number of threads.
# Columns: 1 workload, 2 work, 3 accounts, 4 mode, 5 threads, 7 ns a transaction, 8 speed-up, 9 ideal, 10 runs a transaction.
cell() {
    awk -F '  +' -v row="$1|$2|$3|$4|$5" -v column="$6" '
        $1 "|" $2 "|" $3 "|" $4 "|" $5 == row { value = $column }
        END { print value == "" ? "none" : value }' "$tables"
}

# Prints what a part of a ledger transfer takes, from the lines below the table.
part() {
    awk -v name="$1" '/^ledger, 20000 accounts, sequential on 1: / {
        for (i = 1; i < NF; i++) if ($i == name) value = $(i + 1)
    }
    END { print value == "" ? "none" : value }' "$tables"
}

# Prints the least or the most of a column over all rows of a mode.
extreme() {
    awk -F '  +' -v which="$1" -v mode="$2" -v column="$3" '
        $4 == mode && (value == "" || (which == "least" ? $column < value : $column > value)) { value = $column + 0 }
        END { print value == "" ? "none" : value }' "$tables"
}

# Prints the first number divided by the second.
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { if (a == "none" || b == "none") print "none"; else printf "%.3f\n", a / b }'
}

# Prints one target: what, at least or at most, how much, what was measured.
target() {
    awk -v what="$1" -v sense="$2" -v limit="$3" -v got="$4" 'BEGIN {
        met = got == "none" ? "unmeasured" : (sense == ">=" ? got >= limit : got <= limit) ? "met" : "MISSED"
        printf "%-66s %s %-6s %9s  %s\n", what, sense, limit, got, met }'
}

echo "made-up transfers; $(nproc) cores"
run --workload transfer --accounts 2,100,1000,20000,1000000 --work-ns 0 --mode $planned --threads 1,2
run --workload transfer --accounts 2,100,1000,20000,1000000 --work-ns 140,1400 --threads 1,2
run --workload transfer --accounts 20000 --work-ns 14000 --threads 1,2
run --workload transfer --accounts 20000 --work-ns 140,1400 --over-declare 50,90 --mode $planned --threads 1,2
run --workload chain,hot-add --accounts 20000 --work-ns 0 --mode $planned --threads 1,2
run --workload chain,hot-add,mixed --accounts 20000 --work-ns 140,1400 --threads 1,2
run --workload ledger --accounts 100,20000 --mode sequential
if [ -n "$dir" ]; then
    run --workload "ethereum:$dir" --ns-per-gas 1 --min-txs 5 --threads 1,2
    run --workload "ethereum:$dir" --ns-per-gas 0.1 --min-txs 5 --threads 1,2
fi
if [ "$(nproc)" -ge 16 ]; then
    run --workload transfer --accounts 20000 --work-ns 140,1400,14000 --threads 1,2,4,8,16
fi

echo "targets"
transfer() { cell transfer "$1 ns" "$2" "$3" "$4" "$5"; }
target "bare task, planned on 1 thread, 20k accounts, ns" "<=" 45 "$(transfer 0 20000 declared 1 7)"
target "bare task, planned on 1 thread, 2 accounts, ns" "<=" 20 "$(transfer 0 2 declared 1 7)"
target "automatic mode, least speed-up of all rows" ">=" 0.95 "$(extreme least auto 8)"
target "ledger transfer on 1 thread, 20k accounts, ns" "<=" 300 "$(cell ledger - 20000 sequential 1 7)"
target "  of it the transaction alone, all that it reads at hand, ns" "<=" 300 "$(part transactionsAlone)"
target "0.14 us, 2 threads, 20k accounts, speed-up" ">=" 1.6 "$(transfer 140 20000 declared 2 8)"
target "0.14 us, 2 threads, 100 accounts, speed-up" ">=" 1.3 "$(transfer 140 100 declared 2 8)"
target "1.4 us, 2 threads, 20k accounts, speed-up" ">=" 1.9 "$(transfer 1400 20000 declared 2 8)"
target "1.4 us, 2 threads, 100 accounts, speed-up" ">=" 1.8 "$(transfer 1400 100 declared 2 8)"
for mode in declared auto; do
    target "chain, 1.4 us, 2 threads, $mode, speed-up" ">=" 0.97 "$(cell chain "1400 ns" 2 $mode 2 8)"
    target "chain, 0.14 us, 2 threads, $mode, speed-up" ">=" 0.95 "$(cell chain "140 ns" 2 $mode 2 8)"
done
oracle() { ratio "$(transfer "$1" 20000 oracle 2 7)" "$(transfer "$1" 20000 declared 2 7)"; }
target "against the oracle plan, 1.4 us, 2 threads, 20k accounts" ">=" 0.95 "$(oracle 1400)"
target "against the oracle plan, 0.14 us, 2 threads, 20k accounts" ">=" 0.80 "$(oracle 140)"
for work in 140 1400; do
    counter=$(cell hot-add "$work ns" 20000 declared 2 8)
    target "hot add, $work ns, speed-up against that without" ">=" 0.95 "$(ratio "$counter" "$(transfer $work 20000 declared 2 8)")"
done
target "open, 1.4 us, 2 threads, 20k accounts, speed-up" ">=" 1.5 "$(transfer 1400 20000 open 2 8)"
target "open, chain, 1.4 us, 2 threads, speed-up" ">=" 0.8 "$(cell chain "1400 ns" 2 open 2 8)"
real() {
    of="ethereum:$dir"
    ratio "$(cell "$of" "$1 ns/gas" - "$2" 2 8)" "$(cell "$of" "$1 ns/gas" - "$2" 2 9)"
}
target "real blocks, 1 ns/gas, declared, part of the ideal" ">=" 0.95 "$(real 1 declared)"
target "real blocks, 1 ns/gas, open, part of the ideal" ">=" 0.80 "$(real 1 open)"
target "real blocks, 0.1 ns/gas, declared, part of the ideal" ">=" 0.90 "$(real 0.1 declared)"
target "real blocks, 0.1 ns/gas, open, part of the ideal" ">=" 0.65 "$(real 0.1 open)"
target "14 us, 16 threads, 20k accounts, speed-up (needs 16 cores)" ">=" 12 "$(transfer 14000 20000 declared 16 8)"
target "executions a transaction, most of all declared rows" "<=" 2 "$(extreme most declared 10)"
: >"$tables"
run --workload transfer,chain --accounts 2,20000 --work-ns 1400 --threads 2 --mode declared --no-speculation >/dev/null
target "executions a transaction without speculation" "<=" 1 "$(extreme most declared 10)"
