#!/usr/bin/env bash
# parse_counts.sh [MESSAGE...]   instructions and allocations a message, at each level of src/levels.rs.
#
# Each figure is the difference between 250 and 50 messages under valgrind, divided by 200: what the program costs by
# itself is in both. Without arguments: m1 to m5 of ../shared/bench/parse if they are there, and the messages of
# src/messages.rs. An argument is a file with one message or the name of one in src/messages.rs.
set -euo pipefail
cd "$(dirname "$0")/.."
shared=../shared/bench/parse

skip() { echo "parse_counts: skipped: $*"; exit 0; }
command -v valgrind >/dev/null || skip "valgrind is not installed"

program=${PARSE_COUNTS:-}
if [ -z "$program" ]; then
    cargo build --release --quiet -p benches --bin parse-counts
    program=target/release/parse-counts
fi

messages=("$@")
if [ $# -eq 0 ]; then
    if [ -d "$shared" ]; then
        messages=("$shared"/m?.sip)
    else
        echo "parse_counts: no messages at $shared; only those of src/messages.rs"
    fi
    messages+=(options register invite answer ims)
fi

instructions() {
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$@" 2>&1 |
        sed -n 's/.*Collected : //p'
}
allocations() {
    valgrind "$program" "$@" 2>&1 | sed -n 's/.*total heap usage: \([0-9,]*\) allocs.*/\1/p' | tr -d ,
}
# a_message COUNT LEVEL MESSAGE
a_message() { echo $((($("$1" "$2" "$3" 250) - $("$1" "$2" "$3" 50)) / 200)); }

printf '| instructions (allocations) |'
for message in "${messages[@]}"; do printf ' %s |' "$(basename "$message" .sip)"; done
printf '\n|---|'
for message in "${messages[@]}"; do printf -- '---|'; done
echo
for level in L0 L1 L2 L3 L3c; do
    printf '| %s |' "$level"
    for message in "${messages[@]}"; do
        printf ' %s (%s) |' "$(a_message instructions "$level" "$message")" "$(a_message allocations "$level" "$message")"
    done
    echo
done
