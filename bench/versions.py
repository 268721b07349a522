#!/usr/bin/env python3
"""Subjects with very many versions: `bench/versions.py [--versions N] [--database URL] [BINARY ...]`.

One subject with 10,000 versions of a record of 20 fields, each with a default or a text of its own, and what is asked of it: the next
version, a known one, look-ups of the newest and the oldest, its list, and a check against all of them (FULL_TRANSITIVE) with a candidate
that was never asked for; then the shape of Karapace's own load test, two subjects of 2,000 versions that differ in one property that Avro
does not know. Each is asked over one connection; the median and the CPU time of the server, as a table in Markdown. With --database (Postgres) the
database must be empty.
"""

import argparse
import json
import os
import statistics
import tempfile
import time

import scale

PATH = "/subjects/wide-value"
ROUNDS = 7


def record(number, more=None):
    fields = [{"name": f"field_{at}", "type": ["null", "string"], "default": None, "doc": "What the source said"} for at in range(18)]
    fields.append({"name": "id", "type": "long", "default": number})
    fields.append({"name": "note", "type": "string", "default": f"version {number}"})
    return json.dumps({"type": "record", "name": "Wide", "namespace": "com.example", "fields": fields, **(more or {})})


def body(number, more=None):
    return json.dumps({"schema": record(number, more)}).encode()


def ask(server, *request):
    status, answer = server.send(*request)
    if status != 200:
        raise SystemExit(f"{request[1]}: {status} {answer[:200]}")
    return json.loads(answer)


def timed(server, name, requests):
    """The first is what a server that has just started takes, the median that of the others."""
    times, before = [], server.cpu()
    for request in requests:
        begun = time.perf_counter()
        ask(server, *request)
        times.append((time.perf_counter() - begun) * 1000)
    cpu = (server.cpu() - before) / len(times) * 1000
    return name, f"{times[0]:.1f} ms", f"{statistics.median(times[1:] or times):.1f} ms", f"{cpu:.1f} ms"


def fill(server, subject, count, make):
    begun = time.perf_counter()
    for number in range(count):
        ask(server, b"POST", f"/subjects/{subject}/versions", make(number))
    return time.perf_counter() - begun


def measured(binary, database, versions):
    server = scale.Server(binary, database)
    ask(server, b"PUT", "/config", b'{"compatibility":"NONE"}')
    took = fill(server, "wide-value", versions, body)
    yield f"filled with {versions:,} versions", "", f"{took:.0f} s", f"{server.cpu() / versions * 1000:.1f} ms"
    small = min(versions, 2000)
    took = sum(fill(server, name, small, lambda number, name=name: body(0, {"x-run": f"{name} {number}"})) for name in ("one", "two"))
    yield f"two subjects of {small:,} that differ in one property", "", f"{took:.0f} s", ""
    server.stop()
    server = scale.Server(binary, database)
    yield timed(server, "look-up of the newest", [(b"POST", PATH, body(versions - 1))] * ROUNDS)
    yield timed(server, "look-up of the oldest", [(b"POST", PATH, body(0))] * ROUNDS)
    yield timed(server, "known registration", [(b"POST", f"{PATH}/versions", body(5))] * ROUNDS)
    yield timed(server, "list of versions", [(b"GET", f"{PATH}/versions", b"")] * ROUNDS)
    yield timed(server, "latest", [(b"GET", f"{PATH}/versions/latest", b"")] * ROUNDS)
    yield timed(server, "next version", [(b"POST", f"{PATH}/versions", body(versions + at)) for at in range(ROUNDS)])
    ask(server, b"PUT", "/config", b'{"compatibility":"FULL_TRANSITIVE"}')
    check = [(b"POST", f"/compatibility{PATH}/versions", body(2 * versions + at)) for at in range(ROUNDS)]
    yield timed(server, "check with all, a new candidate each", check)
    yield timed(server, "next version, checked with all", [(b"POST", f"{PATH}/versions", body(3 * versions + at)) for at in range(ROUNDS)])
    yield "memory", "", f"{server.memory() / 1e6:.0f} MB", ""
    server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", nargs="*", default=[f"{scale.ROOT}/target/dist/accordant"])
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--database")
    given = parser.parse_args()
    for binary in given.binaries:
        print(f"| {os.path.basename(binary)} | the first | median | CPU |\n| --- | --- | --- | --- |")
        with tempfile.TemporaryDirectory() as folder:
            for row in measured(binary, given.database or f"sqlite://{folder}/registry.db", given.versions):
                print("| " + " | ".join(row) + " |", flush=True)
        print()


if __name__ == "__main__":
    main()
