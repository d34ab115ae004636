#!/usr/bin/env bash
# Everything that has to hold before a change lands: format, lints, tests, docs. CI runs this and nothing else.
#
#   scripts/check.sh
#
# Installs what it needs and the machine lacks, where apt-get is there to do so. Ends with status 0 if all is well.
set -euo pipefail
case ${1-} in -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/sbin:/sbin

# What the checks call, and the Debian package that brings it.
needed=(cc:gcc jq:jq python3:python3 ip:iproute2 nft:nftables nc:netcat-openbsd telnet:telnet node:nodejs npm:npm
    chromium:chromium firefox-esr:firefox-esr tmux:tmux)

missing=()
for pair in "${needed[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair#*:}")
done
if ((${#missing[@]})); then
    echo "missing: ${missing[*]}"
    command -v apt-get >/dev/null || { echo "install them, and try again" >&2; exit 1; }
    sudo=()
    ((EUID == 0)) || sudo=(sudo)
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" apt-get install -qq -y --no-install-recommends "${missing[@]}"
fi
command -v cargo >/dev/null || { echo "install Rust 1.95 or later (rustup), and try again" >&2; exit 1; }
for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component"
done

step() {
    echo
    echo "== $*"
    "$@"
}

export CARGO_TERM_COLOR=never
# Most tests wait for other processes, and not for a core.
export RUST_TEST_THREADS=${RUST_TEST_THREADS:-8}
step cargo fmt --check
step cargo clippy --locked --all-targets -- -D warnings
step cargo test --locked
step scripts/autobahn.sh
step scripts/browser.sh
RUSTDOCFLAGS="-D warnings" step cargo doc --locked --no-deps --document-private-items

echo
echo "all checks passed"
