#!/usr/bin/env bash
# The chat page in real browsers, headless and driven from node, and rooms hosted by the real program: all tests in
# Chromium, and then those of what everybody does in Firefox.
#
#   scripts/browser.sh [FILE...]        only these, as in: scripts/browser.sh tests/browser/talk.test.js
#   BROWSER=firefox scripts/browser.sh  all in Firefox (some three minutes); a network is cut in Chromium only
#
# Needs node 20 or later, npm, chromium and firefox-esr, and nc, telnet and python3 for those who are in the room besides; as root it
# also follows a room across a LAN of network namespaces. Pictures of the page are left in target/browser/pictures.
# Status 0 if all is well.
set -euo pipefail
case ${1-} in -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
target=${CARGO_TARGET_DIR:-target}/browser

(($(node --version | tr -dc '0-9.' | cut -d. -f1) >= 20)) || { echo "browser.sh: needs node 20 or later" >&2; exit 1; }

# What drives the browser is installed below the target folder, in the versions of the lock file.
mkdir -p "$target"
if ! cmp -s tests/browser/package-lock.json "$target/package-lock.json" || [[ ! -d $target/node_modules ]]; then
    cp tests/browser/package.json "$target/"
    cp tests/browser/package-lock.json "$target/"
    npm --prefix "$target" ci --ignore-scripts --no-audit --no-fund || { rm "$target/package-lock.json"; exit 1; }
fi

cargo build --locked
NODE_PATH=$(cd "$target" && pwd)/node_modules
export NODE_PATH

# One after the other: what is measured is not measured beside another browser.
run() {
    node --test --test-concurrency=1 --test-reporter=spec "$@"
}

if (($#)); then
    run "$@"
elif [[ ${BROWSER-} ]]; then
    run tests/browser/*.test.js
else
    run tests/browser/*.test.js
    BROWSER=firefox run --test-name-pattern='^(axe|everything can|all read the same|a crashed host|a reload|markup)' \
        tests/browser/{access,talk,failover,hostile}.test.js
fi
