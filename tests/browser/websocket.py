#!/usr/bin/env python3
"""A member over a WebSocket, as a script without any package has it: a handshake, and masked frames.

    websocket.py ADDRESS PORT NAME

Each line of standard input is said in the room, and what comes is printed, one JSON object a line. How it leaves is typed as well:
/bye says so, /close ends the WebSocket, /drop ends the connection without a word, /reset breaks it.
"""

import base64
import hashlib
import json
import os
import socket
import struct
import sys
import threading

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def shake_hands(wire, incoming, host):
    key = base64.b64encode(os.urandom(16))
    wire.sendall(b"GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n" % (host.encode(), key))
    head = list(iter(lambda: incoming.readline().strip(), b""))
    fields = {name.lower(): value for name, value in (line.split(b": ", 1) for line in head[1:])}
    assert head[0].startswith(b"HTTP/1.1 101 "), head
    assert fields[b"sec-websocket-accept"] == base64.b64encode(hashlib.sha1(key + ACCEPT).digest()), head


def send(wire, kind, payload):
    """One frame, masked, as a client's has to be."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else struct.pack("!BH", 0x80 | 126, length)
    mask = os.urandom(4)
    wire.sendall(bytes([0x80 | kind]) + size + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))


def say(wire, **fields):
    send(wire, TEXT, json.dumps(fields).encode())


def frames(incoming):
    """What the host sends: never masked, and never in fragments."""
    while len(head := incoming.read(2)) == 2:
        assert head[0] & 0x70 == 0 and head[0] & 0x80 and head[1] & 0x80 == 0, head
        length = head[1]
        if length == 126:
            length, = struct.unpack("!H", incoming.read(2))
        elif length == 127:
            length, = struct.unpack("!Q", incoming.read(8))
        yield head[0] & 0xF, incoming.read(length)


def listen(wire, incoming):
    for kind, payload in frames(incoming):
        if kind == PING:
            send(wire, PONG, payload)
        elif kind == CLOSE:
            print(json.dumps({"type": "close-frame", "code": struct.unpack("!H", payload[:2])[0]}), flush=True)
            return
        else:
            one = json.loads(payload)
            if one["type"] == "ping":
                say(wire, type="pong")
            print(json.dumps(one), flush=True)


def leave(wire, listener, how):
    if how == "/reset":
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # The socket is in use by whoever listens: only the end of the process really closes it.
        os._exit(0)
    elif how == "/bye":
        say(wire, type="bye")
    elif how == "/close":
        send(wire, CLOSE, struct.pack("!H", 1000))
    else:
        wire.shutdown(socket.SHUT_WR)
    listener.join()


def main(address, port, name):
    with socket.create_connection((address, int(port))) as wire, wire.makefile("rb") as incoming:
        shake_hands(wire, incoming, f"{address}:{port}")
        say(wire, type="hello", v=1, name=name)
        listener = threading.Thread(target=listen, args=(wire, incoming), daemon=True)
        listener.start()
        for line in map(str.rstrip, sys.stdin):
            if line in ("/bye", "/close", "/drop", "/reset"):
                return leave(wire, listener, line)
            say(wire, type="say", text=line)


main(*sys.argv[1:])
