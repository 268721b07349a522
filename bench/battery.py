#!/usr/bin/env python3
"""Small requests that ask for much, each measured against a registry of its own: `bench/battery.py [--binary PATH] [NAME ...]`.

For each shape: the answer, its time, the CPU time and the memory that the server took for it. Then sixteen clients send hostile
shapes at once, and the reads of everybody else are timed meanwhile. Prints a table in Markdown; ends with 1 if a limit is missed.
Needs Linux (/proc) and nothing but Python.
"""

import argparse
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CPU_LIMIT = 2.0
MEMORY_LIMIT = 64 << 20
PROCESS_LIMIT = 256 << 20
READ_LIMIT = 0.05


class Server:
    def __init__(self, binary, database=None):
        self.directory = tempfile.mkdtemp(prefix="battery.")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        database = database or f"sqlite://{self.directory}/registry.db"
        self.process = subprocess.Popen(
            [binary, "--listen", f"127.0.0.1:{self.port}", "--database", database, "--log-level", "error"],
            # as the container image has it
            env={"PATH": os.environ.get("PATH", ""), "MIMALLOC_PURGE_DELAY": "0"},
        )
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("the server does not listen")

    def send(self, method, path, body=None, headers=None, timeout=120):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            if body is not None and not isinstance(body, (bytes, str)):
                body = json.dumps(body)
            connection.request(method, path, body, headers or {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self, which):
        with open(f"/proc/{self.process.pid}/status") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith(which))

    def reset_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as file:
            file.write("5")

    def stop(self):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def registration(schema, kind="JSON", **more):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return {"schema": text, "schemaType": kind, **more}


def register(schema, kind="JSON"):
    return [("POST", "/subjects/s/versions", registration(schema, kind))]


def check(old, new, kind="JSON", query=""):
    return [
        ("POST", "/subjects/s/versions", registration(old, kind)),
        ("POST", f"/compatibility/subjects/s/versions/latest{query}", registration(new, kind)),
    ]


def event(schema, data):
    headers = {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/battery",
        "ce-type": "t",
    }
    text = data if isinstance(data, str) else json.dumps(data)
    path = "/cloudevents/validate?subject=s&version=latest"
    return [("POST", "/subjects/s/versions", registration(schema)), ("POST", path, text, headers)]


def objects(count, width, value):
    return [{"type": "object", "properties": {f"p{at}": value(at) for at in range(width)}, "minProperties": n} for n in range(count)]


def shapes():
    """Each a name and requests; the last one is measured."""
    many = "7" * 995
    yield "pattern of 32,000 brackets", register({"pattern": "[" * 32_000})
    yield "pattern of 16,000 `[^`", register({"pattern": "[^" * 16_000})
    yield "pattern of 10,000 `\\u{`", register({"pattern": "\\u{" * 10_000})
    yield "pattern of 690,000 `\\pL`", register({"pattern": "\\pL" * 690_000})
    yield "pattern of `(?i)` and 6,000 `\\p{L}`", register({"pattern": "(?i)" + "\\p{L}" * 6_000})
    yield "pattern of 40,000 optional letters, with a look-ahead", register({"pattern": "(?=a)" + "a?" * 40_000})
    yield "pattern nested 10,000 deep", register({"pattern": "(" * 10_000 + ")" * 10_000})
    yield "event under `format: regex`, 32,000 brackets", event({"format": "regex"}, '"' + "[" * 32_000 + '"')
    divisors = lambda count, digits: [{"type": "number", "multipleOf": f"@{digits[:-1]}{at % 9 + 1}e{at}@"} for at in range(count)]
    exact = lambda schema: json.dumps(schema).replace('"@', "").replace('@"', "")
    yield "`multipleOf` of 995 digits, 55 against 150", check(
        exact({"oneOf": divisors(55, many)}), exact({"oneOf": divisors(150, "3" * 995)})
    )
    yield "event: 2,000 numbers of 4,900 powers under `multipleOf`", event(
        '{"items":{"multipleOf":0.0000001}}', "[" + ",".join(["1e4900"] * 2_000) + "]"
    )
    names = {f"^a{at}[\\p{{L}}\\p{{N}} ]{{1,100}}$": {} for at in range(400)}
    yield "event: 400 large `patternProperties`", event({"patternProperties": names}, {"a1x": 1})
    yield "check: 400 large `patternProperties`", check(
        {"type": "object", "patternProperties": names, "additionalProperties": False},
        {"type": "object", "patternProperties": names, "additionalProperties": False, "properties": {"zz": {}}},
    )
    strings = lambda offset: {"oneOf": [{"type": "string", "maxLength": at * 2 + offset} for at in range(4_000)]}
    yield "`oneOf` of 4,000 strings against 4,000", check(strings(1), strings(0))
    yield "`oneOf` of 1,500 objects against 1,500", check(
        {"oneOf": objects(1_500, 2, lambda at: {"type": "string"})},
        {"oneOf": [dict(one, maxProperties=9) for one in objects(1_500, 2, lambda at: {"type": "number"})]},
    )
    enums = lambda extra: {"oneOf": [{"enum": [f"{'x' * 40}{at}-{n}" for n in range(30)] + extra} for at in range(1_000)]}
    yield "`oneOf` of 1,000 enums against 1,000", check(enums(["a"]), enums(["b"]))
    long = [f"{'7' * 60}{at:06}" for at in range(15_000)]
    yield "event: `uniqueItems` over 15,000 long numbers", event({"uniqueItems": True}, "[" + ",".join(long) + "]")
    recursive = {"anyOf": [{"type": "array", "items": {"$ref": "#"}} for _ in range(6)] + [{"type": "string"}]}
    yield "event: 600 bytes under a recursive `anyOf`", event(recursive, "[" * 12 + ",".join(["1"] * 250) + "]" * 12)
    definitions = {f"d{at}": {"type": "object", "properties": {name: {"$ref": f"#/definitions/d{at + 1}"} for name in "abcd"}} for at in range(8)}
    deep = lambda leaf: {"$ref": "#/definitions/d0", "definitions": {**definitions, "d8": leaf}}
    yield "`explain=true` over 65,536 paths", check(deep({"type": "string"}), deep({"type": "number"}), query="?explain=true")
    alternatives = lambda word: {"allOf": [{"anyOf": [{"pattern": f"{word}{at}{n}.*{word}.{{20}}"} for n in range(4)]} for at in range(6)]}
    yield "`explain=true`: patterns to prove", check(alternatives("a"), alternatives("b"), query="?explain=true")
    yield "4 MiB of empty arrays", register('{"examples":[' + ",".join(["[]"] * 1_390_000) + "]}")
    yield "4 MiB of members", register({"properties": {f"p{at}": {} for at in range(240_000)}})
    yield "4 MiB of one text", register({"description": "x" * 4_100_000})
    yield "Avro: 4 MiB of fields", register(
        {"type": "record", "name": "R", "fields": [{"name": f"f{at}", "type": "int"} for at in range(95_000)]}, "AVRO"
    )
    symbols = lambda prefix: {"type": "enum", "name": "E", "symbols": [f"{prefix}{at}" for at in range(250_000)]}
    yield "Avro: enums of 250,000 symbols", check(symbols("a"), symbols("b"), "AVRO")
    union = lambda width: [{"type": "record", "name": f"R{at}", "fields": [{"name": f"f{at}", "type": "int"}]} for at in range(width)]
    renamed = lambda width: [{"type": "record", "name": f"Q{at}", "fields": [{"name": f"g{at}", "type": "int"}]} for at in range(width)]
    yield "Avro: unions of 2,000 records", check(union(2_000), renamed(2_000), "AVRO")
    yield "Avro: 1,000 levels", register("".join('{"type":"array","items":' for _ in range(990)) + '"int"' + "}" * 990, "AVRO")
    messages = lambda kind: 'syntax="proto3";' + "".join(f"message M{at}{{{kind} a=1;}}" for at in range(80_000))
    yield "Protobuf: 80,000 messages", check(messages("int32"), messages("string"), "PROTOBUF")
    fields = lambda kind: 'syntax="proto3"; message M{' + "".join(f"{kind} f{at}={at + 20_000};" for at in range(150_000)) + "}"
    yield "Protobuf: a message of 150,000 fields", check(fields("int32"), fields("string"), "PROTOBUF")
    in_proto = lambda lines: register('syntax="proto3";' + lines, "PROTOBUF")
    yield "Protobuf: 4 MiB of reserved names", in_proto("message M{reserved " + ",".join(f'"n{at}"' for at in range(340_000)) + ";}")
    yield "Protobuf: 4 MiB of imports", in_proto("".join(f'import "a{at}.proto";' for at in range(160_000)))
    yield "Protobuf: 4 MiB of comments", in_proto("// word\n" * 500_000 + "message M{}")
    defaults = "[" + ",".join(["{}"] * 1_300_000) + "]"
    field = f'{{"name":"f","type":{{"type":"array","items":{{"type":"map","values":"int"}}}},"default":{defaults}}}'
    yield "Avro: 4 MiB of a default", register(f'{{"type":"record","name":"R","fields":[{field}]}}', "AVRO")
    entries = {f"k{at}": "v" for at in range(140_000)}
    beside = lambda what: [("POST", "/subjects/s/versions", json.dumps({"schema": '"string"', **what}))]
    yield "metadata of 140,000 properties", beside({"metadata": {"properties": entries}})
    rules = [{"name": f"r{at}", "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "true"} for at in range(24_000)]
    yield "24,000 rules", beside({"ruleSet": {"domainRules": rules}})


def measured(binary, name, requests):
    server = Server(binary)
    try:
        *before, last = requests
        for method, path, body, *headers in before:
            server.send(method, path, body, *headers)
        server.reset_peak()
        cpu, memory, begun = server.cpu(), server.memory("VmRSS"), time.monotonic()
        method, path, body, *headers = last
        status, answer = server.send(method, path, body, *headers)
        elapsed = time.monotonic() - begun
        taken = max(0, server.memory("VmHWM") - memory)
        used = server.cpu() - cpu
        code = ""
        if status >= 400 and answer.startswith(b"{"):
            code = json.loads(answer).get("error_code", "")
        return status, code, len(answer), elapsed, used, taken
    except OSError as error:
        return 0, str(error), 0, 0, CPU_LIMIT * 10, 0
    finally:
        server.stop()


def percentile(times, share):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * share))] if times else float("nan")


def crowd(binary, selected, seconds=20):
    """Sixteen clients with hostile shapes, and the reads of one who has nothing to do with them."""
    server = Server(binary)
    try:
        _, answer = server.send("POST", "/subjects/read/versions", registration('"string"', "AVRO"))
        path = f"/schemas/ids/{json.loads(answer)['id']}"
        stop = threading.Event()
        answers = {}

        def hostile(at):
            turn = at
            while not stop.is_set():
                requests = selected[turn % len(selected)][1]
                turn += 5
                for method, target, body, *headers in requests:
                    try:
                        target = target.replace("/subjects/s/", f"/subjects/s{turn % len(selected)}/")
                        target = target.replace("subject=s&", f"subject=s{turn % len(selected)}&")
                        status, _ = server.send(method, target, body, *headers)
                    except OSError:
                        status = 0
                    answers[status] = answers.get(status, 0) + 1

        threads = [threading.Thread(target=hostile, args=(at,), daemon=True) for at in range(16)]
        for thread in threads:
            thread.start()
        times = {"/healthz": [], path: []}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for target, taken in times.items():
                begun = time.monotonic()
                server.send("GET", target)
                taken.append(time.monotonic() - begun)
            time.sleep(0.005)
        stop.set()
        peak = server.memory("VmHWM")
        for thread in threads:
            thread.join()
        time.sleep(10)
        return {"/healthz": times["/healthz"], "by id": times[path]}, peak, server.memory("VmRSS"), answers
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "accordant"))
    parser.add_argument("names", nargs="*", help="parts of the names of the shapes to play")
    arguments = parser.parse_args()
    selected = [(name, requests) for name, requests in shapes() if not arguments.names or any(part in name for part in arguments.names)]
    missed = []
    print("| shape | sent | answer | time | CPU | memory |\n| --- | --- | --- | --- | --- | --- |")
    for name, requests in selected:
        status, code, size, elapsed, used, taken = measured(arguments.binary, name, requests)
        body = requests[-1][2]
        sent = len(body if isinstance(body, (bytes, str)) else json.dumps(body))
        answer = f"{status} {code}".strip() + (f", {size / 1024:.0f} KB" if size > 64 << 10 else "")
        print(f"| {name} | {sent / 1024:.1f} KB | {answer} | {elapsed:.2f} s | {used:.2f} s | {taken / (1 << 20):.0f} MB |", flush=True)
        if used > CPU_LIMIT or taken > MEMORY_LIMIT or status in (0, 500):
            missed.append(name)
    if not arguments.names:
        times, peak, after, answers = crowd(arguments.binary, selected)
        for what, taken in times.items():
            p99 = percentile(taken, 0.99)
            print(f"\n{what}, while 16 clients send all of these: p50 {percentile(taken, 0.5) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms, of {len(taken)}")
            if p99 > READ_LIMIT:
                missed.append(what)
        print(f"\nmemory of the process: {peak / (1 << 20):.0f} MB at most, {after / (1 << 20):.0f} MB ten seconds after the last request; "
              f"answers by status: {dict(sorted(answers.items()))}")
        if peak > PROCESS_LIMIT:
            missed.append("memory of the process")
    if missed:
        print(f"\nmissed: {', '.join(missed)}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
