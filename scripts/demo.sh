#!/usr/bin/env bash
# A picture of the real screen, for the README: three people in a room, in tmux, and what stands on the host's screen then.
#
#   scripts/demo.sh [PICTURE]          default: tests/screens/screen.svg
#
# Needs tmux and python3; builds the program first.
set -euo pipefail
case ${1-} in -h | --help) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" && exit ;; esac
cd "$(dirname "$0")/.."
picture=$(realpath "${1:-tests/screens/screen.svg}")

cargo build --release --quiet
program=$PWD/target/release/hybrid-chat
folder=$(mktemp -d)
tmux=(tmux -L "hybrid-chat-demo-$$" -f /dev/null)
# Its own server, with the programs in it.
trap '"${tmux[@]}" kill-server 2>/dev/null; rm -rf "$folder"' EXIT

port=28808
export TERM=xterm-256color LANG=C.UTF-8
for name in capo lorde anna; do
    "${tmux[@]}" new-session -d -s "$name" -x 84 -y 22 -c "$folder" "$program" --no-discovery --port "$port" --name "$name" --log "$name.log"
    until "${tmux[@]}" capture-pane -p -t "$name" | grep -Eq '(hosting|joined) · '; do sleep 0.1; done
done

say() { # WHO TEXT: and wait until everybody has read it
    "${tmux[@]}" send-keys -t "$1" -l -- "$2"
    "${tmux[@]}" send-keys -t "$1" Enter
    until "${tmux[@]}" capture-pane -p -t capo | grep -Fq -- "${2:${3:-0}:20}"; do sleep 0.1; done
}
say lorde "ciao, is this the whole workshop?"
say capo "nearly: giulia's laptop is on the other switch, she types the address"
say anna "日本語も大丈夫 👍 and wide characters shift nothing"
say lorde "/me looks for the coffee" 4
say anna "capo: build 412 is out, 3 tests fail"
"${tmux[@]}" send-keys -t lorde C-c
until "${tmux[@]}" capture-pane -p -t capo | grep -q 'lorde left'; do sleep 0.1; done
"${tmux[@]}" send-keys -t capo -l "thanks, I have a look"
until "${tmux[@]}" capture-pane -p -t capo | grep -q '> thanks'; do sleep 0.1; done

"${tmux[@]}" capture-pane -p -e -N -t capo | python3 scripts/ansi2svg.py >"$picture"
echo "$picture"
