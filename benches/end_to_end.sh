#!/usr/bin/env bash
# end_to_end.sh [SCENARIO...]   this project and Kamailio side by side: S1 and S3, or the scenarios given.
#
# Rust (bench-server) is compared with Kamailio's native configuration, Lua (ksr run) with the same script in
# Kamailio, each with one worker on one core and in turn. Takes about ten minutes a pair; ROUNDS=1 REPS=1 is a
# quick look. What is missing is skipped, and said.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
bench=$root/../shared/bench
export BENCH_TMP=${BENCH_TMP:-$root/target/bench}
rounds=${ROUNDS:-2}
scenarios=("$@")
[ $# -gt 0 ] || scenarios=(S1 S3)

skip() { echo "end_to_end: skipped: $*"; exit 0; }
[ -x "$bench/pair.sh" ] || skip "no tools for the comparison at ../shared/bench"
command -v kamailio >/dev/null || skip "kamailio is not installed"
for tool in python3 cc taskset; do
    command -v "$tool" >/dev/null || skip "$tool is not installed"
done
[ "$(nproc)" -ge 2 ] || skip "two cores are needed, one for the server and one for the load"

cargo build --release --quiet -p benches --bin bench-server
ksr=
if grep -q '"sip-lua"' Cargo.toml && cargo build --release --quiet -p sip-lua --bin ksr; then
    ksr=target/release/ksr
fi

summary=()
# compare LABEL SCENARIO OURS THEIRS
compare() {
    local label=$1 scenario=$2 result rate cpu
    mkdir -p "$BENCH_TMP"
    result=$("$bench/pair.sh" "$scenario" "$rounds" "$3" "$4")
    printf '== %s %s (A: this project, B: Kamailio)\n%s\n' "$scenario" "$label" "$result"
    ratio() { sed -n "s|^$1 .*A/B \(.*\)|\1|p" <<<"$result"; }
    rate=$(ratio max_rate) cpu=$(ratio cpu_us)
    summary+=("$scenario $label: highest rate a core ${rate:-?} times Kamailio's, CPU time a request ${cpu:-?} times")
}

for scenario in "${scenarios[@]}"; do
    compare Rust "$scenario" "$root/target/release/bench-server $scenario --workers 1" \
        "$bench/kam.sh native $scenario"
    if [ -n "$ksr" ]; then
        script=$bench/cfg/$(tr '[:upper:]' '[:lower:]' <<<"$scenario").lua
        compare Lua "$scenario" "$root/$ksr run $script --listen udp:127.0.0.1:5060 --workers 1" \
            "$bench/kam.sh lua $scenario"
    else
        summary+=("$scenario Lua: skipped, there is no ksr to build")
    fi
done
printf '\n'
printf '%s\n' "${summary[@]}"
