#!/usr/bin/env python3
"""A registry with very many schemas: `bench/scale.py [--binary PATH] [--schemas N ...] [--database URL] [--keep FOLDER]`.

For each size (1,000, 100,000 and 1,000,000 unless said) a registry is filled through its API: five versions a subject, twenty contexts,
Avro, JSON Schema and Protobuf, some with references. Then it is started anew, and what users do is timed: time to the first answer,
memory, and each kind of request, one at a time over one connection: median, 99th percentile, and CPU time of the server. Prints a table in
Markdown. With --database (Postgres) the database must be empty, and there is one size. Needs Linux (/proc) and nothing but Python.
"""

import argparse
import atexit
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERSIONS = 5
CONTEXTS = 20
# requests under way at once while the registry is filled, each on a connection of its own
CONNECTIONS = 64
# subjects and ids that are asked for again and again
HOT = 50


def subject(number):
    name = f"team-{number % 97}.service-{number % 1009}.topic-{number}-value"
    context = number % CONTEXTS
    return name if context == 0 else f":.context-{context}:{name}"


def avro(number, version):
    fields = [{"name": "id", "type": "long", "doc": f"The number of entity {number}"}, {"name": "name", "type": ["null", "string"], "default": None}]
    fields += [{"name": f"field_{at}", "type": "string", "default": "", "doc": "What the source said"} for at in range(number % 7 + version)]
    return {"schema": json.dumps({"type": "record", "name": f"Entity{number}", "namespace": "com.example", "fields": fields})}


def json_schema(number, version):
    properties = {"id": {"type": "integer"}, "name": {"type": "string", "maxLength": 200}}
    properties |= {f"field_{at}": {"type": "string", "description": "What the source said"} for at in range(number % 7 + version)}
    text = {"$id": f"https://example.com/{number}", "type": "object", "additionalProperties": False, "properties": properties}
    return {"schemaType": "JSON", "schema": json.dumps(text)}


def protobuf(number, version):
    fields = "".join(f"  string field_{at} = {at + 3};\n" for at in range(number % 7 + version))
    return {"schemaType": "PROTOBUF", "schema": f'syntax = "proto3";\npackage p{number};\nmessage Entity {{\n  int64 id = 1;\n  string name = 2;\n{fields}}}\n'}


def body(number, version):
    kind = number % 20
    made = protobuf(number, version) if kind < 3 else json_schema(number, version) if kind < 6 else avro(number, version)
    # refers to the first version of an earlier subject of the same context, registered well before
    target = number - CONTEXTS * (number // CONTEXTS // 2 + 1)
    if kind == 19 and 0 < target <= number - 2 * CONNECTIONS:
        text = json.loads(made["schema"])
        text["fields"].append({"name": "other", "type": ["null", f"com.example.Entity{target}"], "default": None})
        made = {"schema": json.dumps(text), "references": [{"name": f"com.example.Entity{target}", "subject": subject(target), "version": 1}]}
    return json.dumps(made).encode()


def quoted(name):
    return name.replace(":", "%3A")


class Server:
    def __init__(self, binary, database, before=(), after=()):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [binary, *before, "--listen", f"127.0.0.1:{self.port}", "--database", database, "--log-level", "error", *after],
        )
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"{binary} ended with {self.process.returncode}")
            try:
                self.connection = socket.create_connection(("127.0.0.1", self.port), timeout=600)
                if self.send(b"GET", "/readyz")[0] == 200:
                    break
            except OSError:
                time.sleep(0.001)
        self.start = time.perf_counter() - begun
        atexit.register(self.process.kill)
        self.rest = b""

    def request(self, method, target, content=b"", headers=()):
        head = f"{method.decode()} {target} HTTP/1.1\r\nHost: localhost:{self.port}\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in dict(headers).items())
        if content:
            head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        return head.encode() + b"\r\n" + content

    def send(self, method, target, content=b"", headers=()):
        self.connection.sendall(self.request(method, target, content, headers))
        return receive(self.connection)

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))

    def stop(self):
        self.process.terminate()
        self.process.wait()


def receive(connection):
    data = bytearray()
    while b"\r\n\r\n" not in data:
        piece = connection.recv(1 << 16)
        if not piece:
            raise OSError("closed")
        data += piece
    head, _, rest = bytes(data).partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    status = int(lines[0].split()[1])
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), None)
    if length is not None:
        while len(rest) < length:
            rest += connection.recv(1 << 20)
        return status, rest
    # in chunks
    pieces, buffer = [], bytearray(rest)
    while True:
        while b"\r\n" not in buffer:
            buffer += connection.recv(1 << 20)
        size, _, after = buffer.partition(b"\r\n")
        size = int(size, 16)
        while len(after) < size + 2:
            after += connection.recv(1 << 20)
        if size == 0:
            return status, b"".join(pieces)
        pieces.append(bytes(after[:size]))
        buffer = bytearray(after[size + 2 :])


def fill(server, schemas):
    """Registers everything, version by version; on each connection the next request goes out when the last was answered."""
    subjects = schemas // VERSIONS
    connections = [socket.create_connection(("127.0.0.1", server.port), timeout=600) for _ in range(CONNECTIONS)]
    for version in range(VERSIONS):
        # what others refer to is registered before them
        for begin in range(0, subjects, CONNECTIONS):
            numbers = range(begin, min(begin + CONNECTIONS, subjects))
            for connection, number in zip(connections, numbers):
                connection.sendall(server.request(b"POST", f"/subjects/{quoted(subject(number))}/versions", body(number, version)))
            for connection, number in zip(connections, numbers):
                status, answer = receive(connection)
                if status != 200:
                    raise SystemExit(f"{subject(number)}, version {version + 1}: {status} {answer[:300]}")


def kinds(schemas):
    subjects = schemas // VERSIONS
    anybody = lambda: random.randrange(subjects)
    per_context = subjects // CONTEXTS

    def checked():
        number = anybody() // 20 * 20 + 10
        return b"POST", f"/compatibility/subjects/{quoted(subject(number % subjects))}/versions/latest", body(number % subjects, VERSIONS - 1)

    def looked_up():
        number = anybody()
        return b"POST", f"/subjects/{quoted(subject(number))}", body(number, random.randrange(VERSIONS))

    def registered():
        number = anybody()
        return b"POST", f"/subjects/{quoted(subject(number))}/versions", body(number, random.randrange(VERSIONS))

    new = iter(range(schemas, schemas + 10**9))

    def new_version():
        number = next(new)
        return b"POST", f"/subjects/new-{number}/versions", avro(number, 0)["schema"] and json.dumps(avro(number, 0)).encode()

    many = 300
    # what is asked for once, as by a client that nobody else is like, and what many clients ask for
    ids = iter(random.sample(range(1, per_context * VERSIONS + 1), min(many, per_context * VERSIONS)))
    numbers = iter(random.sample(range(subjects), min(many, subjects)))
    hot = [random.randrange(subjects) for _ in range(HOT)]
    hot_ids = [random.randrange(per_context * VERSIONS) + 1 for _ in range(HOT)]
    return [
        ("schema by id, nobody has asked for", min(many, per_context * VERSIONS), lambda: (b"GET", f"/schemas/ids/{next(ids)}", b"")),
        ("schema by id, of 50", many, lambda: (b"GET", f"/schemas/ids/{random.choice(hot_ids)}", b"")),
        ("latest version, nobody has asked for", min(many, subjects), lambda: (b"GET", f"/subjects/{quoted(subject(next(numbers)))}/versions/latest", b"")),
        ("latest version, of 50", many, lambda: (b"GET", f"/subjects/{quoted(subject(random.choice(hot)))}/versions/latest", b"")),
        ("versions of a subject", many, lambda: (b"GET", f"/subjects/{quoted(subject(anybody()))}/versions", b"")),
        ("look-up", many, looked_up),
        ("known registration", many, registered),
        ("check with the latest version", many, checked),
        ("new registration", many, new_version),
        ("config of a subject", many, lambda: (b"GET", f"/config/{quoted(subject(anybody()))}?defaultToGlobal=true", b"")),
        ("first 1,000 subjects", 30, lambda: (b"GET", "/subjects?limit=1000", b"")),
        ("1,000 subjects in the middle", 30, lambda: (b"GET", f"/subjects?limit=1000&offset={subjects // 2 + random.randrange(9)}", b"")),
        ("last 1,000 subjects", 30, lambda: (b"GET", f"/subjects?limit=1000&offset={max(0, subjects - 1000 - random.randrange(9))}", b"")),
        ("subjects by prefix", 30, lambda: (b"GET", f"/subjects?subjectPrefix=team-{random.randrange(97)}.service-{random.randrange(10)}", b"")),
        ("1,000 versions at the end", 10, lambda: (b"GET", f"/schemas?subjectPrefix=:*:&limit=1000&offset={max(0, schemas - 1000 - random.randrange(9))}", b"")),
        ("1,000 versions in the middle", 10, lambda: (b"GET", f"/schemas?subjectPrefix=:*:&limit=1000&offset={schemas // 2 + random.randrange(9)}", b"")),
        ("1,000 latest versions at the end", 10, lambda: (b"GET", f"/schemas?subjectPrefix=:*:&latestOnly=true&limit=1000&offset={max(0, subjects - 1000 - random.randrange(9))}", b"")),
        ("1,000 latest versions in the middle", 10, lambda: (b"GET", f"/schemas?subjectPrefix=:*:&latestOnly=true&limit=1000&offset={subjects // 2 + random.randrange(9)}", b"")),
        ("all subjects", 5, lambda: (b"GET", "/subjects", b"")),
    ]


def measure(server, schemas):
    rows = []
    for name, times, make in kinds(schemas):
        taken, length = [], 0
        before = server.cpu()
        for _ in range(times):
            request = make()
            begun = time.perf_counter()
            status, answer = server.send(*request)
            taken.append(time.perf_counter() - begun)
            length = len(answer)
            if status != 200:
                raise SystemExit(f"{name}: {request[1]}: {status} {answer[:200]}")
        cpu = (server.cpu() - before) / times
        taken.sort()
        rows.append((name, statistics.median(taken), taken[min(len(taken) - 1, len(taken) * 99 // 100)], cpu, length))
    return rows


def mixed(server, schemas, seconds, rate):
    """What many clients do all day, at a steady rate; the memory every five minutes."""
    every = {name: make for name, _, make in kinds(schemas) if not name.endswith("nobody has asked for")}
    often = ["schema by id, of 50"] * 40 + ["latest version, of 50"] * 10 + ["look-up", "known registration"] * 10
    often += ["versions of a subject", "check with the latest version", "config of a subject", "new registration"] * 5
    rare = [name for name in every if name not in often]
    begun = time.perf_counter()
    told = sent = 0
    while (now := time.perf_counter() - begun) < seconds:
        if sent > now * rate:
            time.sleep(0.005)
            continue
        sent += 1
        # lists are asked for once in two hundred
        request = every[random.choice(rare if sent % 200 == 0 else often)]()
        status, answer = server.send(*request)
        if status not in (200, 409):
            raise SystemExit(f"{request[1]}: {status} {answer[:200]}")
        if now >= (told + 1) * 300:
            told += 1
            print(f"after {now / 60:.0f} minutes, {sent:,} requests: {server.memory() / 1e6:.0f} MB", flush=True)
    print(f"mixed load, {sent:,} requests in {seconds / 60:.0f} minutes: {server.memory() / 1e6:.0f} MB at the end", flush=True)


def milliseconds(seconds):
    return f"{seconds * 1000:.2f}" if seconds < 0.1 else f"{seconds * 1000:.0f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(ROOT, "target/dist/accordant"))
    parser.add_argument("--schemas", type=int, nargs="+", default=[1000, 100_000, 1_000_000])
    parser.add_argument("--database", help="URL of an empty Postgres database")
    parser.add_argument("--mixed", type=int, default=0, metavar="SECONDS", help="go on with a mixed load for so long")
    parser.add_argument("--rate", type=int, default=500, help="requests a second of the mixed load")
    parser.add_argument("--keep", help="folder for the SQLite files, which are used again if they are there")
    options = parser.parse_args()
    random.seed(7)
    for schemas in options.schemas:
        folder = options.keep or tempfile.mkdtemp(prefix="scale.", dir=os.path.join(ROOT, "bench/target") if os.path.isdir(os.path.join(ROOT, "bench/target")) else None)
        os.makedirs(folder, exist_ok=True)
        file = os.path.join(folder, f"{schemas}.db")
        database = options.database or f"sqlite://{file}"
        print(f"\n{schemas:,} schemas, {schemas // VERSIONS:,} subjects, {CONTEXTS} contexts\n", flush=True)
        if options.database or not os.path.exists(file):
            server = Server(options.binary, database)
            begun = time.perf_counter()
            fill(server, schemas)
            taken = time.perf_counter() - begun
            print(f"filled in {taken:.0f} s, {schemas / taken:.0f} registrations a second, {server.memory() / 1e6:.0f} MB of memory then")
            server.stop()
        if not options.database:
            print(f"file: {os.path.getsize(file) / 1e6:.0f} MB")
        server = Server(options.binary, database)
        print(f"start to the first answer: {server.start * 1000:.0f} ms; memory then: {server.memory() / 1e6:.1f} MB\n")
        print("| request | median, ms | 99 %, ms | CPU, ms | bytes |\n| --- | --- | --- | --- | --- |")
        for name, median, worst, cpu, length in measure(server, schemas):
            print(f"| {name} | {milliseconds(median)} | {milliseconds(worst)} | {milliseconds(cpu)} | {length:,} |", flush=True)
        print(f"\nmemory at the end: {server.memory() / 1e6:.0f} MB", flush=True)
        if options.mixed:
            mixed(server, schemas, options.mixed, options.rate)
        server.stop()
        if not options.keep:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
