#!/usr/bin/env python3
"""Floods of HTTP/2 frames: `bench/http2_floods.py [--binary PATH] [NAME ...]`.

For each flood eight connections send it for five seconds as fast as they are taken, beginning anew when the server ends them, while
another client asks for health. Prints a table in Markdown: what was sent, how often the server ended a connection, its CPU time and
memory, and the times of the other client. Ends with 1 where that one is held up, the memory grows or the server is gone.
"""

import argparse
import json
import multiprocessing
import os
import socket
import struct
import sys
import time

import battery
from shapes import registration

SECONDS = 5
CONNECTIONS = 8
# what may wait for clients, twice, and what is being answered meanwhile
GROWTH_LIMIT = 192 << 20

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 2, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    # without indexing, neither coded by Huffman; lengths below 127
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def head(path, method=b"\x82", more=b""):
    # :method GET, :scheme http, :path, :authority
    return method + b"\x86" + b"\x04" + bytes([len(path)]) + path + b"\x41\x09localhost" + more


def streams():
    number = 1
    while True:
        yield number
        number += 2


def resets(path):
    for number in streams():
        yield frame(HEADERS, END_STREAM | END_HEADERS, number, head(path)) + frame(RST_STREAM, 0, number, b"\0\0\0\x08")


def made_resets(path):
    for number in streams():
        yield frame(HEADERS, END_STREAM | END_HEADERS, number, head(path)) + frame(WINDOW_UPDATE, 0, number, b"\0\0\0\0")


def pings(path):
    while True:
        yield frame(PING, 0, 0, b"12345678")


def settings(path):
    while True:
        yield frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65_535) * 100)


def empty_settings(path):
    while True:
        yield frame(SETTINGS, 0, 0)


def continuations(path):
    yield frame(HEADERS, END_STREAM, 1, head(path))
    while True:
        yield frame(CONTINUATION, 0, 1, literal(b"x" * 100, b"y" * 100) * 20)


def empty_continuations(path):
    yield frame(HEADERS, END_STREAM, 1, head(path))
    while True:
        yield frame(CONTINUATION, 0, 1)


def empty_data(path):
    yield frame(HEADERS, END_HEADERS, 1, head(b"/subjects/x/versions", b"\x83"))
    while True:
        yield frame(DATA, 0, 1)


def priorities(path):
    for number in streams():
        yield frame(PRIORITY, 0, number, b"\0\0\0\0\x10")


def windows(path):
    while True:
        yield frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\x01")


def table_bombs(path):
    # an entry of 4,000 bytes in the table, then named 8,000 times by a head
    entry = b"\x40\x01x\x7f" + b"\xa1\x1e" + b"y" * 4_000
    number = 1
    yield frame(HEADERS, END_STREAM | END_HEADERS, number, head(path, more=entry))
    while True:
        number += 2
        yield frame(HEADERS, END_STREAM | END_HEADERS, number, head(path, more=b"\xbe" * 8_000))


def unread(path):
    # large answers that nobody has a window for
    yield frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 0))
    for number in streams():
        yield frame(HEADERS, END_STREAM | END_HEADERS, number, head(path))
        if number > 250:
            time.sleep(SECONDS)


FLOODS = {
    "streams that are reset": resets,
    "streams that the server has to reset": made_resets,
    "pings": pings,
    "settings": settings,
    "empty settings": empty_settings,
    "heads that go on": continuations,
    "heads that go on with nothing": empty_continuations,
    "empty data": empty_data,
    "priorities": priorities,
    "window updates": windows,
    "a head of 32 MB by the table": table_bombs,
    "answers without a window": unread,
}


class Flood:
    """In a process of its own, so that it does not hold up the other client."""

    def __init__(self, port, path, frames, results):
        self.port, self.path, self.frames, self.results = port, path, frames, results
        self.sent = self.ended = 0
        self.stop = time.monotonic() + SECONDS

    def connect(self):
        with socket.create_connection(("127.0.0.1", self.port), timeout=SECONDS) as connection:
            connection.sendall(PREFACE + frame(SETTINGS, 0, 0))
            batch, size = [], 0
            for piece in self.frames(self.path):
                batch.append(piece)
                size += len(piece)
                if size > 16_000 or self.frames is unread:
                    # what it answers is not read
                    connection.sendall(b"".join(batch))
                    self.sent += size
                    batch, size = [], 0
                if time.monotonic() > self.stop:
                    return

    def run(self):
        while time.monotonic() < self.stop:
            try:
                self.connect()
            except OSError:
                self.ended += 1
        self.results.put((self.sent, self.ended))


def play(server, path, frames):
    results = multiprocessing.Queue()
    floods = [multiprocessing.Process(target=Flood(server.port, path, frames, results).run) for _ in range(CONNECTIONS)]
    server.reset_peak()
    cpu, memory = server.cpu(), server.memory("VmRSS")
    for flood in floods:
        flood.start()
    times = []
    while any(flood.is_alive() for flood in floods):
        begun = time.monotonic()
        status, _ = server.send("GET", "/healthz", timeout=10)
        times.append(time.monotonic() - begun if status == 200 else 10.0)
        time.sleep(0.01)
    peak, used = server.memory("VmHWM"), server.cpu() - cpu
    sent, ended = (sum(counts) for counts in zip(*(results.get() for _ in floods)))
    return sent, ended, used, max(0, peak - memory), times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(battery.ROOT, "target", "release", "accordant"))
    parser.add_argument("names", nargs="*", help="parts of the names of the floods to play")
    arguments = parser.parse_args()
    missed = []
    print("| flood | sent | connections ended | CPU | memory | `/healthz` p50, p99 |\n| --- | --- | --- | --- | --- | --- |")
    for name, frames in FLOODS.items():
        if arguments.names and not any(part in name for part in arguments.names):
            continue
        server = battery.Server(arguments.binary)
        try:
            text = json.dumps({"type": "enum", "name": "E", "symbols": ["s" * 1_000_000]})
            _, answer = server.send("POST", "/subjects/read/versions", registration(text, "AVRO"))
            path = f"/schemas/ids/{json.loads(answer)['id']}".encode()
            sent, ended, used, grown, times = play(server, path, frames)
            p50, p99 = (battery.percentile(times, share) * 1000 for share in (0.5, 0.99))
            print(f"| {name} | {sent / 1e6:.1f} MB | {ended} | {used:.1f} s | {grown / (1 << 20):.0f} MB | {p50:.1f} ms, {p99:.1f} ms |", flush=True)
            if grown > GROWTH_LIMIT or p99 > battery.READ_LIMIT * 1000 or server.send("GET", "/healthz")[0] != 200:
                missed.append(name)
        except OSError as error:
            missed.append(f"{name}: {error}")
        finally:
            server.stop()
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
