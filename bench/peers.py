#!/usr/bin/env python3
"""The same requests to any registries that speak Confluent's API: `bench/peers.py NAME=URL@PID [NAME=URL@PID ...]`.

Each registry must be empty. It gets 1,000 subjects, then each kind of request for some seconds over 16 connections; with the number of the
server's process (Linux, /proc) the CPU time of a request is measured beside the rate. Registries are asked one after the other, kind by
kind, so that what else the machine does hits all of them alike. Prints one table in Markdown: requests a second and CPU a request.
The load comes from Python and takes a core: give the servers another one (`taskset`), and trust CPU times before rates.
"""

import argparse
import json
import os
import random
import socket
import time
from urllib.parse import urlsplit

import scale

CONNECTIONS = 16
SUBJECTS = 1000


class Peer:
    def __init__(self, described):
        self.name, _, rest = described.partition("=")
        url, _, pid = rest.partition("@")
        self.pid = int(pid) if pid else None
        self.host, self.port = urlsplit(url).hostname, urlsplit(url).port
        self.connections = [socket.create_connection((self.host, self.port), timeout=60) for _ in range(CONNECTIONS)]
        self.new = 0

    def bytes_of(self, method, target, body=b""):
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
        if body:
            head += f"Content-Type: application/vnd.schemaregistry.v1+json\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"\r\n" + body

    def round(self, make):
        for connection in self.connections:
            connection.sendall(self.bytes_of(*make(self)))
        return [scale.receive(connection) for connection in self.connections]

    def cpu(self):
        if self.pid is None:
            return 0.0
        with open(f"/proc/{self.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def fill(self):
        number = iter(range(SUBJECTS))
        for _ in range(SUBJECTS // CONNECTIONS + 1):
            requests = [registration(at) for at in (next(number, None) for _ in self.connections) if at is not None]
            for connection, request in zip(self.connections, requests):
                connection.sendall(self.bytes_of(*request))
            for connection, _ in zip(self.connections, requests):
                status, answer = scale.receive(connection)
                if status != 200:
                    raise SystemExit(f"{self.name}: {status} {answer[:200]}")

    def measure(self, make, seconds):
        warm = time.perf_counter() + seconds / 5
        while time.perf_counter() < warm:
            self.round(make)
        cpu, begun, count = self.cpu(), time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            for status, answer in self.round(make):
                count += 1
                if status != 200:
                    raise SystemExit(f"{self.name}: {status} {answer[:200]}")
        return count / (time.perf_counter() - begun), (self.cpu() - cpu) / count


def subject(number):
    return f"subject-{number}-value"


def body(number):
    kind = number % 3
    made = (scale.avro, scale.protobuf, scale.json_schema)[kind](number, 1)
    return json.dumps(made).encode()


def registration(number):
    return "POST", f"/subjects/{subject(number)}/versions", body(number)


def of_kind(kind):
    return random.randrange(SUBJECTS // 3) * 3 + kind


def new(peer):
    peer.new += 1
    return "POST", f"/subjects/new-{peer.new}-value/versions", json.dumps(scale.avro(1_000_000 + peer.new, 1)).encode()


def check(kind):
    def make(_):
        number = of_kind(kind)
        return "POST", f"/compatibility/subjects/{subject(number)}/versions/latest", body(number)

    return make


KINDS = [
    ("schema by id", lambda _: ("GET", f"/schemas/ids/{random.randrange(SUBJECTS) + 1}")),
    ("latest version", lambda _: ("GET", f"/subjects/{subject(random.randrange(SUBJECTS))}/versions/latest")),
    ("look-up", lambda _: ("POST", f"/subjects/{subject(number := random.randrange(SUBJECTS))}", body(number))),
    ("known registration", lambda _: registration(random.randrange(SUBJECTS))),
    ("check, Avro", check(0)),
    ("check, Protobuf", check(1)),
    ("check, JSON Schema", check(2)),
    ("subjects, 1,000", lambda _: ("GET", "/subjects")),
    ("new registration", new),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peers", nargs="+", metavar="NAME=URL[@PID]")
    parser.add_argument("--seconds", type=float, default=3)
    options = parser.parse_args()
    random.seed(7)
    peers = [Peer(described) for described in options.peers]
    for peer in peers:
        peer.fill()
    print("| request | " + " | ".join(f"{peer.name}: a second | CPU, µs" for peer in peers) + " |")
    print("| --- |" + " --- | --- |" * len(peers))
    for name, make in KINDS:
        measured = [peer.measure(make, options.seconds) for peer in peers]
        cells = (f"{rate:,.0f} | {cpu * 1e6:,.0f}" if peer.pid else f"{rate:,.0f} | " for peer, (rate, cpu) in zip(peers, measured))
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
