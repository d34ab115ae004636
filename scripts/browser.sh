#!/usr/bin/env bash
# The chat page in a real browser: headless Chromium, driven from node, and rooms hosted by the real program.
#
#   scripts/browser.sh [FILE...]        only these, as in: scripts/browser.sh tests/browser/talk.test.js
#
# Needs node 20 or later, npm and chromium, and nc, telnet and python3 for those who are in the room besides; as root it
# also follows a room across a LAN of network namespaces. Pictures of the page are left in target/browser/pictures.
# Status 0 if all is well.
set -euo pipefail
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
if (($# == 0)); then
    set -- tests/browser/*.test.js
fi
# One after the other: what is measured is not measured beside another browser.
NODE_PATH="$(cd "$target" && pwd)/node_modules" node --test --test-concurrency=1 --test-reporter=spec "$@"
