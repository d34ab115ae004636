#!/usr/bin/env python3
"""How soon people on ten machines are in one room, and stay in one: real processes in network namespaces.

    tests/bench/lan.py                    everything: about half an hour
    tests/bench/lan.py start kill         some: start together kill unplug part
    tests/bench/lan.py --runs 3 kill      so many runs of each, instead of the usual numbers

Nobody types an address. It needs root, `cargo build --release` before it, and scripts/lan.sh's tools. What happened is
known from the `--json` events alone, and timed when they are read, by one clock. Ends with status 1 if a message was
lost, doubled or out of order, or if a run did not come to its end in time.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent.parent
SCRIPT = HERE / "scripts" / "lan.sh"
MACHINES = 10
LOAD = 200  # messages a second, of all machines together
BOUND = 60.0  # seconds that any one thing may take
CALM = 2.0  # how long a room must stay as it is, to be believed


class Missed(Exception):
    """What was waited for did not come."""


class Chat:
    """One process on a machine of the LAN, and what it has shown."""

    def __init__(self, lan, machine, gate=False):
        self.machine = machine
        self.changed = lan.changed
        self.events = []  # (when it was read, the event)
        self.roster = set()
        self.role = {}
        log = f"{lan.folder}/{machine}.log"
        line = [lan.program, "--json", "--name", machine, "--log", log]
        if gate:
            # Everything is ready; it starts with the first line of its input.
            line = ["sh", "-c", 'read -r _; exec "$@"', "sh", *line]
        self.started = time.monotonic()
        self.process = subprocess.Popen(
            ["ip", "netns", "exec", f"{lan.name}-{machine}", *line],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=lan.folder,
        )
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            now = time.monotonic()
            event = json.loads(line)
            with self.changed:
                self.events.append((now, event))
                self.apply(event)
                self.changed.notify_all()

    def apply(self, event):
        match event["event"]:
            case "role": self.role = event
            case "roster": self.roster = {member["name"] for member in event["members"]}
            case "joined": self.roster.add(event["name"])
            case "left": self.roster.discard(event["name"])
            case "renamed": self.roster = self.roster - {event["from"]} | {event["to"]}

    def say(self, text):
        # Who has been killed says nothing more.
        with contextlib.suppress(BrokenPipeError):
            os.write(self.process.stdin.fileno(), text.encode() + b"\n")

    def hosts(self):
        return self.role.get("role") == "host"

    def texts(self, beginning=""):
        """The public messages that begin so, in the order in which they were shown."""
        with self.changed:
            said = [event for _, event in self.events if event["event"] == "message" and not event["private"]]
        return [event["text"] for event in said if event["text"].startswith(beginning)]

    def heard(self, live=False):
        """When the first message was shown, history counted or not; None before."""
        messages = ((when, event) for when, event in self.events if event["event"] == "message")
        return next((when for when, event in messages if not (live and event["replayed"])), None)

    def kill(self):
        self.process.kill()
        self.process.wait()


class Lan:
    """Machines h1, h2, ...: all goes when it is left."""

    def __init__(self, program, machines=MACHINES):
        self.program = program
        self.name = f"bench{os.getpid()}"
        self.machines = [f"h{number}" for number in range(1, machines + 1)]
        self.changed = threading.Condition()
        self.chats = {}

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory(prefix="hybrid-chat-lan-")
        self.folder = self.temporary.name
        self.does("up", str(len(self.machines)))
        return self

    def __exit__(self, *_):
        self.stop()
        self.does("down")
        self.temporary.cleanup()

    def does(self, command, *arguments):
        subprocess.run([SCRIPT, command, self.name, *arguments], check=True, timeout=BOUND)

    def start(self, machine, gate=False):
        chat = self.chats[machine] = Chat(self, machine, gate)
        return chat

    def stop(self):
        for chat in self.chats.values():
            chat.kill()
        self.chats.clear()

    def wait(self, what, holds, within=BOUND):
        """Waits until it holds; when that was."""
        end = time.monotonic() + within
        with self.changed:
            while not holds():
                if not self.changed.wait(end - time.monotonic()) and not holds():
                    raise Missed(f"{what}, within {within:.0f} s: {self.describe()}")
            return time.monotonic()

    def describe(self):
        roles = ((chat.machine, chat.role, len(chat.roster)) for chat in self.chats.values())
        return ", ".join(f"{name}: {role.get('role')} of {role.get('host')}/{role.get('term')}, {count} here"
                         for name, role, count in roles)

    def room(self):
        """Everybody is on, one after the other, in one room that stays; what was shown before counts no more."""
        for machine in self.machines:
            if machine not in self.chats:
                chat = self.start(machine)
                self.wait("a roster", lambda chat=chat: chat.roster)
        self.settle(self.chats.values())
        with self.changed:
            for chat in self.chats.values():
                chat.events.clear()

    def settle(self, chats, whole=True):
        """Waits until they are in one room and stay there: when they came to be."""
        while True:
            since = self.wait("one room", lambda: is_one_room(chats, whole))
            with contextlib.suppress(Missed):
                self.wait("another change", lambda: not is_one_room(chats, whole), CALM)
                continue
            return since


def is_one_room(chats, whole=True):
    """Whether they have one host and one term, and (as a whole) all see exactly each other."""
    roles = {(chat.role.get("host"), chat.role.get("term")) for chat in chats}
    one = len(roles) == 1 and sum(chat.hosts() for chat in chats) == 1
    return one and (not whole or all(len(chat.roster) == len(chats) for chat in chats))


class Load:
    """Says numbered lines on machines, LOAD a second altogether, until it is left."""

    def __init__(self, chats, mark):
        self.chats, self.mark = list(chats), mark
        self.said = {chat.machine: [] for chat in self.chats}
        self.over = threading.Event()

    def run(self):
        next_at = time.monotonic()
        for count in range(1_000_000):
            chat = self.chats[count % len(self.chats)]
            text = f"{self.mark}-{chat.machine}-{count}"
            chat.say(text)
            self.said[chat.machine].append(text)
            next_at += 1 / LOAD
            if self.over.wait(max(0.0, next_at - time.monotonic())):
                return

    def __enter__(self):
        self.thread = threading.Thread(target=self.run)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


class Faults:
    """Messages that are missing, doubled or out of order, over all runs."""

    def __init__(self):
        self.missing = self.doubled = self.reordered = 0

    def compare(self, lan, survivors, load, ordered=True):
        """Holds what survivors show of a load against each other and against what they said themselves."""
        own = {text for chat in survivors for text in load.said[chat.machine]}

        def complete():
            shown = [set(chat.texts(load.mark)) for chat in survivors]
            return all(own <= texts and texts == shown[0] for texts in shown)

        with contextlib.suppress(Missed):
            lan.wait("everything everywhere", complete, 15.0)
        shown = [chat.texts(load.mark) for chat in survivors]
        everything = own.union(*shown)
        for texts in shown:
            self.missing += len(everything) - len(set(texts))
            self.doubled += len(texts) - len(set(texts))
            self.reordered += ordered and set(texts) == set(shown[0]) and texts != shown[0]
            for said in load.said.values():
                mine = set(said)
                self.reordered += (once := [text for text in texts if text in mine]) != sorted(once, key=said.index)

    def any(self):
        return self.missing or self.doubled or self.reordered

    def __str__(self):
        return f"{self.missing} missing, {self.doubled} doubled, {self.reordered} out of order"


# --- What is measured: each yields (what, seconds) ----------------------------------------------------------------


def measure_start(lan, faults):
    """One hosts and says something every 20 ms; the others come one after the other."""
    lan.stop()
    host = lan.start("h1")
    lan.wait("a host", host.hosts)
    over = threading.Event()

    def talk():
        while not over.wait(0.02):
            host.say("tick")

    talker = threading.Thread(target=talk)
    talker.start()
    try:
        for machine in lan.machines[1:]:
            chat = lan.start(machine)
            lan.wait("a message", lambda chat=chat: chat.heard(live=True))
            yield "program's start to first message", chat.heard() - chat.started
            yield "the same, to the first live one", chat.heard(live=True) - chat.started
    finally:
        over.set()
        talker.join()


def measure_together(lan, faults):
    """All start in the same instant, and say something at once."""
    lan.stop()
    chats = [lan.start(machine, gate=True) for machine in lan.machines]
    time.sleep(0.3)  # for the shells to be there: what is measured begins afterwards
    load = Load(chats, "early")
    began = time.monotonic()
    for chat in chats:
        chat.say("")
    for chat in chats:
        load.said[chat.machine].append(text := f"early-{chat.machine}")
        chat.say(text)
    yield "started together, to one room", lan.settle(chats) - began
    faults.compare(lan, chats, load, ordered=False)


def lose_host(lan, faults, go, what):
    """The host of a room under load goes in this way: until all others have the same new host."""
    lan.room()
    host = next(chat for chat in lan.chats.values() if chat.hosts())
    term = host.role["term"]
    survivors = [chat for chat in lan.chats.values() if chat is not host]
    with Load(lan.chats.values(), f"{what}{time.monotonic_ns()}") as load:
        time.sleep(1 + random.random() / 10)
        began = time.monotonic()
        go(host)
        met = lan.wait("a new host", lambda: is_one_room(survivors, whole=False) and survivors[0].role["term"] > term)
        time.sleep(1)
    faults.compare(lan, survivors, load)
    return host, met - began


def measure_kill(lan, faults):
    host, took = lose_host(lan, faults, Chat.kill, "kill")
    del lan.chats[host.machine]
    yield "host killed, to a new one", took


def measure_unplug(lan, faults):
    host, took = lose_host(lan, faults, lambda host: lan.does("down-link", host.machine), "unplug")
    yield "host unplugged, to a new one", took
    lan.does("up-link", host.machine)
    began = time.monotonic()
    yield "plugged in again, to one room", lan.settle(lan.chats.values()) - began


def measure_part(lan, faults):
    """Both halves of a cut network talk; then it heals."""
    lan.room()
    half = len(lan.machines) // 2
    halves = [[lan.chats[machine] for machine in machines] for machines in (lan.machines[:half], lan.machines[half:])]
    lan.does("part", "/".join(",".join(chat.machine for chat in chats) for chats in halves))
    try:
        began = time.monotonic()
        for chats in halves:
            lan.wait("a host in each half", lambda chats=chats: is_one_room(chats))
        yield "parted, to a host in each half", time.monotonic() - began
        with Load(lan.chats.values(), f"part{time.monotonic_ns()}") as load:
            time.sleep(2)
    finally:
        lan.does("heal")
    began = time.monotonic()
    yield "healed, to one room", lan.settle(lan.chats.values()) - began
    faults.compare(lan, list(lan.chats.values()), load, ordered=False)


# What, how often, and what is wanted: seconds at the median and at worst.
MEASURES = {
    "start": (measure_start, 10),
    "together": (measure_together, 20),
    "kill": (measure_kill, 50),
    "unplug": (measure_unplug, 5),
    "part": (measure_part, 10),
}
WANTED = {
    "program's start to first message": (0.1, 1.0),
    "the same, to the first live one": (0.1, 1.0),
    "started together, to one room": (1.0, 5.0),
    "host killed, to a new one": (2.0, 4.0),
    "host unplugged, to a new one": (20.0, 20.0),
    "healed, to one room": (3.0, 10.0),
}


def run(lan, name, runs):
    """Runs one measurement so often; what took how long, what went wrong with messages, and how many runs failed."""
    measure, usual = MEASURES[name]
    took, faults, failed = {}, Faults(), 0
    for number in range(runs or usual):
        try:
            for what, seconds in measure(lan, faults):
                took.setdefault(what, []).append(seconds)
                print(f"{name} {number + 1}: {what}: {seconds:.3f} s; {faults}", file=sys.stderr, flush=True)
        except Missed as missed:
            failed += 1
            print(f"{name} {number + 1}: FAILED: no {missed}", file=sys.stderr, flush=True)
            # The next run begins with nobody there.
            lan.stop()
    return took, faults, failed


def table(results):
    lines = [f"{'what':34}{'runs':>6}{'median':>10}{'worst':>10}   wanted"]
    for name, (took, faults, failed) in results.items():
        for what, seconds in took.items():
            wanted = "{} / {} s".format(*WANTED[what]) if what in WANTED else ""
            median, worst = statistics.median(seconds), max(seconds)
            lines.append(f"{what:34}{len(seconds):6}{median:9.3f}s{worst:9.3f}s   {wanted}")
        lines.append(f"  {name}: {faults}; {failed} runs failed")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="start together kill unplug part; all without")
    parser.add_argument("--runs", type=int)
    parser.add_argument("--program", default=str(HERE / "target" / "release" / "hybrid-chat"))
    arguments = parser.parse_args()
    if unknown := set(arguments.what) - set(MEASURES):
        parser.error(f"nothing is called {' '.join(unknown)}")
    if not os.access(arguments.program, os.X_OK):
        parser.error(f"no {arguments.program}: cargo build --release")
    # Also when it is told to stop, everything goes.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    results = {}
    try:
        with Lan(os.path.abspath(arguments.program)) as lan:
            for name in arguments.what or MEASURES:
                results[name] = run(lan, name, arguments.runs)
    finally:
        print(table(results))
    sys.exit(any(faults.any() or failed for _, faults, failed in results.values()))


if __name__ == "__main__":
    main()
