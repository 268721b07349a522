#!/usr/bin/env python3
"""Extremes of one kind each: `bench/extremes.py [--referrers N] [--megabytes N] [--database URL] [--binary PATH]`.

A schema of 10 MB in each format, and 100,000 subjects whose schemas refer to one and the same: what a registration costs, a read, a check,
who refers to it, and that it can't be deleted. Each is asked over one connection; the median and the CPU time of the server, as a table in
Markdown. With --database (Postgres) the database must be empty.
"""

import argparse
import json
import os
import socket
import tempfile
import time

import scale
from versions import timed

ROUNDS = 5
CONNECTIONS = 32


def avro(size, number):
    fields, length = [], 0
    while length < size:
        fields.append({"name": f"field_{len(fields)}_{number}", "type": ["null", "string"], "default": None, "doc": "What the source said of it " * 4})
        length += 175
    return json.dumps({"type": "record", "name": "Large", "fields": fields}), "AVRO"


def json_schema(size, number):
    properties, length = {}, 0
    while length < size:
        properties[f"field_{len(properties)}_{number}"] = {"type": "string", "maxLength": 200, "description": "What the source said of it " * 4}
        length += 190
    return json.dumps({"type": "object", "properties": properties}), "JSON"


def protobuf(size, number):
    lines, length = [], 0
    while length < size:
        lines.append(f"  string field_{len(lines)}_{number} = {len(lines) + 1 if len(lines) < 18_000 else len(lines) + 2_001}; // {'What the source said of it ' * 4}")
        length += len(lines[-1]) + 1
    text = "\n".join(lines)
    return f'syntax = "proto3";\nmessage Large {{\n{text}\n}}\n', "PROTOBUF"


def large(server, megabytes):
    size = megabytes * 1_000_000
    for make in (avro, json_schema, protobuf):
        def body(number, make=make):
            text, kind = make(size, number)
            return json.dumps({"schema": text, "schemaType": kind}).encode()

        name = make.__name__
        path = f"/subjects/large-{name}"
        first = body(0)
        yield timed(server, f"{name}: new registration", [(b"POST", f"{path}/versions", first)])
        yield timed(server, f"{name}: latest", [(b"GET", f"{path}/versions/latest", b"")] * ROUNDS)
        yield timed(server, f"{name}: known registration", [(b"POST", f"{path}/versions", first)] * ROUNDS)
        yield timed(server, f"{name}: check with the latest", [(b"POST", f"/compatibility{path}/versions/latest", body(1))])


def refer(server, number):
    text = json.dumps({"type": "record", "name": f"Uses{number}", "fields": [{"name": "common", "type": "com.example.Common"}]})
    reference = {"name": "com.example.Common", "subject": "common", "version": 1}
    return server.request(b"POST", f"/subjects/uses-{number}/versions", json.dumps({"schema": text, "references": [reference]}).encode())


def referred(server, referrers):
    common = json.dumps({"schema": json.dumps({"type": "record", "name": "Common", "namespace": "com.example", "fields": []})})
    yield timed(server, "what all refer to: registration", [(b"POST", "/subjects/common/versions", common.encode())])
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=600) for _ in range(CONNECTIONS)]
    begun, before = time.perf_counter(), server.cpu()
    for begin in range(0, referrers, CONNECTIONS):
        numbers = range(begin, min(begin + CONNECTIONS, referrers))
        for connection, number in zip(connections, numbers):
            connection.sendall(refer(server, number))
        for connection, number in zip(connections, numbers):
            status, answer = scale.receive(connection)
            if status != 200:
                raise SystemExit(f"uses-{number}: {status} {answer[:300]}")
    took = time.perf_counter() - begun
    yield f"{referrers:,} subjects that refer to it", "", f"{took:.0f} s", f"{(server.cpu() - before) / referrers * 1000:.2f} ms each"
    reads = [(b"GET", "/subjects/common/versions/1/referencedby", b"")] * ROUNDS
    yield timed(server, "who refers to it (a page of the list)", reads)
    body = refer(server, referrers).partition(b"\r\n\r\n")[2]
    yield timed(server, "one more that refers to it", [(b"POST", f"/subjects/uses-{referrers}/versions", body)])
    yield timed(server, "by id", [(b"GET", "/schemas/ids/1", b"")] * ROUNDS)
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        status, answer = server.send(b"DELETE", "/subjects/common/versions/1")
        times.append((time.perf_counter() - begun) * 1000)
        if status != 422:
            raise SystemExit(f"deleted although it is referred to: {status} {answer[:200]}")
    yield "a delete of it, refused", f"{times[0]:.1f} ms", f"{sorted(times)[len(times) // 2]:.1f} ms", ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(scale.ROOT, "target/dist/accordant"))
    parser.add_argument("--database")
    parser.add_argument("--referrers", type=int, default=100_000)
    parser.add_argument("--megabytes", type=int, default=10)
    given = parser.parse_args()
    print("| | the first | median | CPU |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        limits = ["--max-body-bytes", str(4 * given.megabytes * 1_000_000), "--work-memory", "4GiB"]
        server = scale.Server(given.binary, given.database or f"sqlite://{folder}/registry.db", after=limits)
        for rows in (referred(server, given.referrers), large(server, given.megabytes)):
            for row in rows:
                print("| " + " | ".join(row) + " |", flush=True)
        print(f"| memory | | {server.memory() / 1e6:.0f} MB | |")
        server.stop()


if __name__ == "__main__":
    main()
