#!/usr/bin/env python3
"""A cable that delays, reorders and loses frames, the same for the same seed: netem for kernels that have none.

    lan-cable.py NEAR FAR MILLISECONDS SPREAD PERCENT SEED

Joins two interfaces of the network namespace that it runs in. Each frame takes MILLISECONDS and up to SPREAD more, so
that frames overtake one another; PERCENT of them are lost. It returns once the cable carries, and goes on in the
background until an interface goes down. scripts/lan.sh runs it.
"""

import errno
import heapq
import itertools
import os
import random
import select
import socket
import sys
import time

# linux/if_packet.h. The header before each frame tells which checksums are still to be made.
SOL_PACKET, PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING = 263, 15, 23
ALL_PROTOCOLS = 3
# A frame that the kernel has yet to cut up, and its header.
LARGEST = 70_000
# Frames on their way: a queue that grows on is no cable.
MOST = 10_000
# There is no cable any more; a busy machine reports many other errors.
GONE = (errno.ENETDOWN, errno.ENODEV, errno.ENXIO)


def plug(interface):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL_PROTOCOLS))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.bind((interface, ALL_PROTOCOLS))
    end.setblocking(False)
    return end


def carry(ends, delay, spread, loss, chance):
    """Until an interface goes down, which the sockets report as errors."""
    ways = dict(zip(ends, reversed(ends)))
    order = itertools.count()
    waiting = []
    while True:
        pause = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for end in select.select(ends, [], [], pause)[0]:
            frame = end.recv(LARGEST)
            due = time.monotonic() + delay + spread * chance.random()
            if chance.random() >= loss and len(waiting) < MOST:
                heapq.heappush(waiting, (due, next(order), ways[end], frame))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, end, frame = heapq.heappop(waiting)
            try:
                end.send(frame)
            except OSError as error:
                if error.errno in GONE:
                    raise
                # A full queue loses it, as on any cable, whichever way the kernel says so.


def main():
    near, far, delay, spread, loss, seed = sys.argv[1:]
    ends = [plug(near), plug(far)]
    if os.fork():
        return
    os.setsid()
    try:
        carry(ends, float(delay) / 1000, float(spread) / 1000, float(loss) / 100, random.Random(int(seed)))
    except OSError:
        pass  # The LAN is gone.


main()
