#!/usr/bin/env bash
# Measures the host's fan-out, joins and memory, to native members, browsers and people with nc, beside a floor and,
# where installed, ngircd and inspircd.
#
#     scripts/bench.sh                          everything, three runs each: about ten minutes, and
#                                               twenty more where the IRC servers are installed
#     scripts/bench.sh 100x10 1000x10           some workloads: 10x1 100x10 1000x10 5000x1 paced stalled idle joins
#     scripts/bench.sh --runs 1 --servers hybrid-chat,floor joins
#     scripts/bench.sh --servers hybrid-chat,hybrid-chat-web,hybrid-chat-text 100x10
#     scripts/bench.sh --window 16 100x10       fewer messages on their way from each sender (otherwise 64)
#
# How it measures, and what the figures mean: tests/bench/fanout.rs. It wants two idle cores (one for the server, one for
# the load) and `ulimit -Hn` above 10,100 for the largest room. Linux only. Ends with status 1 if a message was lost,
# doubled or reordered, or if our host or the floor failed.
set -euo pipefail
case ${1-} in -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
exec cargo bench --quiet --bench fanout -- "$@"
