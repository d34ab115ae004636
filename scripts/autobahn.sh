#!/usr/bin/env bash
# Lets Autobahn's fuzzing client loose on our WebSockets: no case of 1 to 7 and 10 may fail.
#
#     scripts/autobahn.sh               all those cases: half a minute, once it is installed
#     scripts/autobahn.sh '6.*' 7.1.1   some
#
# Autobahn judges a server by its echo. A chat room has none, so the server here is tests/autobahn/echo.rs, around the very
# code with which the host answers requests, reads frames and writes them. Cases 9 send messages that are longer than
# any of ours may be, 12 and 13 are about compression, which is not offered. Wants Python 2.7 (on the path, or pyenv's);
# Autobahn itself is installed into target/autobahn. The reports are in target/autobahn-reports.
set -euo pipefail
case ${1-} in -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit ;; esac
cd "$(dirname "$0")/.."

cases=("${@:-}")
[[ -n "${cases[0]}" ]] || cases=('1.*' '2.*' '3.*' '4.*' '5.*' '6.*' '7.*' '10.*')

python=$(command -v python2.7 || true)
for candidate in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/2.7.*/bin/python; do
    [[ -x $python ]] && "$python" -c '' 2>/dev/null || python=$candidate
done
"$python" -c '' 2>/dev/null || { echo "autobahn.sh: install Python 2.7 (pyenv install 2.7.18), and try again" >&2; exit 1; }

# A folder of its own for packages, which Python looks into besides its own.
export PYTHONUSERBASE=$PWD/target/autobahn
if [[ ! -f $PYTHONUSERBASE/installed ]]; then
    mkdir -p "$PYTHONUSERBASE"
    "$python" -W ignore -m pip install --quiet --disable-pip-version-check --no-warn-script-location --user autobahntestsuite==25.10.1
    touch "$PYTHONUSERBASE/installed"
fi

cargo build --quiet --locked --example autobahn-echo
coproc ECHO { exec target/debug/examples/autobahn-echo; }
echo_pid=$ECHO_PID
trap 'kill "$echo_pid" 2>/dev/null || true' EXIT
read -r port <&"${ECHO[0]}"

reports=target/autobahn-reports
rm -rf "$reports"
mkdir -p "$reports"
python3 - "$port" "$reports" "${cases[@]}" >"$reports/spec.json" <<'PYTHON'
import json, sys

port, reports, *cases = sys.argv[1:]
server = {"agent": "hybrid-chat", "url": f"ws://127.0.0.1:{port}/ws", "options": {"version": 18}}
json.dump({"outdir": reports, "servers": [server], "cases": cases, "exclude-cases": [], "exclude-agent-cases": {}}, sys.stdout)
PYTHON
"$python" -W ignore -c 'from autobahntestsuite.wstest import run; run()' \
    -m fuzzingclient -s "$reports/spec.json" >"$reports/output.txt" 2>&1 || { tail -20 "$reports/output.txt" >&2; exit 1; }

python3 - "$reports/index.json" <<'PYTHON'
import collections, json, sys

results = json.load(open(sys.argv[1]))["hybrid-chat"]
bad = {"FAILED", "WRONG CODE", "UNCLEAN", "FAILED BY CLIENT"}
failed = [case for case, result in sorted(results.items())
          if bad & {result["behavior"], result["behaviorClose"]}]
counts = collections.Counter(result["behavior"] for result in results.values())
print(f"{len(results)} cases: " + ", ".join(f"{count} {behavior}" for behavior, count in sorted(counts.items())))
if failed or not results:
    sys.exit("failed: " + " ".join(failed))
PYTHON
