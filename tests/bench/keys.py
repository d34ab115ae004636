#!/usr/bin/env python3
"""How soon a key is on the screen while messages flood in: the full screen on a pseudo-terminal, typed into at random.

    tests/bench/keys.py                                          this build, 80x24 and 200x60, hosting and joining
    tests/bench/keys.py --program OLD --program NEW --runs 3     several builds in turn
    tests/bench/keys.py --flood 0 --size 80x24 --role host       in a silent room

Needs `cargo build --release` before it; everything stays on loopback. A key's time ends with the drawing that has the
cursor behind it. Ends with status 1 if a line did not arrive exactly as typed, or a key never showed.
"""

import argparse
import contextlib
import fcntl
import json
import os
import pty
import random
import re
import select
import signal
import socket
import string
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent.parent
TALKERS = 10  # as many as it takes to stay below the room's rate for one member
PAUSE = (0.02, 0.09)  # seconds between two keys
LINE = 60  # keys before Enter
BOUND = 10.0  # seconds that any one thing may take
CURSOR = re.compile(rb"\x1b\[(\d+);(\d+)H\x1b\[\?25h")


class Missed(Exception):
    """What was waited for did not come."""


class Screen:
    """The program on a pseudo-terminal, and where its cursor is."""

    def __init__(self, line, size, home):
        self.pid, self.end = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execve(line[0], line, {**os.environ, "HOME": home, "TERM": "xterm-256color", "LANG": "C.UTF-8"})
        self.cursor, self.drawings, self.rest, self.all = None, 0, b"", b""

    def read(self, patience):
        """Takes what the program writes within so many seconds."""
        if not select.select([self.end], [], [], max(patience, 0))[0]:
            return
        self.rest += os.read(self.end, 1 << 20)
        for found in CURSOR.finditer(self.rest):
            self.cursor = tuple(map(int, found.groups()))
            self.drawings += 1
        self.all = (self.all + self.rest)[-1 << 16:]
        # An escape sequence may be cut.
        self.rest = self.rest[max(self.rest.rfind(b"\x1b[?25h") + 6, len(self.rest) - 32, 0):]

    def wait(self, wanted, what):
        end = time.monotonic() + BOUND
        while not wanted():
            if time.monotonic() > end:
                raise Missed(what)
            self.read(0.2)

    def rest_until(self, end):
        while (left := end - time.monotonic()) > 0:
            self.read(left)

    def key(self, key):
        """Types a key; the seconds until the cursor is behind it."""
        row, column = self.cursor
        start = time.perf_counter()
        os.write(self.end, key.encode())
        self.wait(lambda: self.cursor == (row, column + 1), f"the key {key!r}")
        return time.perf_counter() - start

    def close(self):
        os.kill(self.pid, signal.SIGTERM)
        end = time.monotonic() + BOUND
        while os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                raise Missed("the end of the program")
            with contextlib.suppress(OSError):
                self.read(0.05)
        os.close(self.end)


class Witness:
    """A member that counts what is said, and keeps what the typist says."""

    def __init__(self, line, home):
        self.heard, self.typed, self.ready = 0, [], threading.Event()
        self.process = subprocess.Popen(
            [*line, "--json", "--name", "witness"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": home},
        )
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.ready.set()
            if event["event"] == "message":
                self.heard += 1
                if event["from"] == "typist":
                    self.typed.append(event["text"])

    def close(self):
        self.process.terminate()
        self.process.wait(BOUND)


def flood(port, rate, stop):
    """So many messages a second, from several members, until told to stop."""
    members = [socket.create_connection(("127.0.0.1", port), BOUND) for _ in range(TALKERS)]
    for n, member in enumerate(members):
        member.sendall(f"talker{n}\n".encode())
        threading.Thread(target=drain, args=(member,), daemon=True).start()
    start, said = time.monotonic(), 0
    while not stop.wait(0.005):
        while said < (time.monotonic() - start) * rate:
            members[said % TALKERS].sendall(f"message {said} of a flood, with some words to make a line\n".encode())
            said += 1
    for member in members:
        member.shutdown(socket.SHUT_WR)


def drain(member):
    with contextlib.suppress(OSError):
        while member.recv(1 << 20):
            pass


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def run(program, role, size, options):
    """One screen in one room; whether every line arrived as it was typed."""
    port, stop = free_port(), threading.Event()
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as closing:
        common = [program, "--no-discovery", "--log", f"{home}/log"]
        host, client = [*common, "--port", str(port), "--role", "host"], [*common, "--role", "client", f"127.0.0.1:{port}"]
        if role == "client":
            witness = Witness(host, home)
            closing.callback(witness.close)
            witness.ready.wait(BOUND)
        screen = Screen([*(host if role == "host" else client), "--name", "typist"], size, home)
        closing.callback(screen.close)
        screen.wait(lambda: re.search(rb"hosting|joined", screen.all), "the room")
        if role == "host":
            witness = Witness(client, home)
            closing.callback(witness.close)
            witness.ready.wait(BOUND)
        closing.callback(stop.set)
        if options.flood:
            threading.Thread(target=flood, args=(port, options.flood, stop), daemon=True).start()
        # The flood and the roster have settled.
        screen.rest_until(time.monotonic() + 3)
        start, heard, drawn = time.monotonic(), witness.heard, screen.drawings
        times, lines = [], []
        while len(times) < options.keys:
            lines.append("".join(random.choices(string.ascii_letters + string.digits, k=LINE)))
            for key in lines[-1]:
                screen.rest_until(time.monotonic() + random.uniform(*PAUSE))
                times.append(1000 * screen.key(key))
            os.write(screen.end, b"\r")
            screen.rest_until(time.monotonic() + 0.3)
        took = time.monotonic() - start
        heard, drawn = witness.heard - heard, screen.drawings - drawn
        stop.set()
        screen.wait(lambda: len(witness.typed) >= len(lines), "the lines that were typed")
        exact = witness.typed == lines
    times.sort()
    at = lambda part: times[int(part * (len(times) - 1))]
    print(f"{program[-16:]:16} {role:6} {size[0]:3}x{size[1]:<3} {heard / took:6.0f} {drawn / took:6.1f}"
          f" {at(.5):8.1f} {at(.9):6.1f} {at(.99):6.1f} {times[-1]:6.1f}   {'' if exact else 'NOT '}exact", flush=True)
    return exact


def main():
    def size(text):
        width, height = map(int, text.split("x"))
        return width, height

    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--program", action="append", help="the build to measure; several are measured in turn")
    parse.add_argument("--runs", type=int, default=1)
    parse.add_argument("--flood", type=int, default=2000, help="messages a second (2000)")
    parse.add_argument("--keys", type=int, default=360, help="keys in each run (360)")
    parse.add_argument("--size", action="append", type=size, help="columns x rows (80x24 and 200x60)")
    parse.add_argument("--role", action="append", choices=["host", "client"], help="both, if not given")
    options = parse.parse_args()
    programs = options.program or [str(HERE / "target" / "release" / "hybrid-chat")]
    print("program          role   screen  msgs/s draws/s  key ms: median  p90    p99    max   lines")
    try:
        done = [run(program, role, at, options)
                for _ in range(options.runs)
                for at in options.size or [(80, 24), (200, 60)]
                for role in options.role or ["host", "client"]
                for program in programs]
    except Missed as missed:
        sys.exit(f"never came: {missed}")
    sys.exit(not all(done))


main()
