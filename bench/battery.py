#!/usr/bin/env python3
"""Small requests that ask for much, each measured against a registry of its own: `bench/battery.py [--binary PATH] [NAME ...]`.

For each shape: the answer, its time, the CPU time and the memory that the server took for it. Then sixteen clients send hostile
shapes at once, and the reads of everybody else are timed meanwhile. Prints a table in Markdown; ends with 1 if a limit is missed.
Needs Linux (/proc) and nothing but Python.
"""

import argparse
import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

from route_shapes import route_shapes
from shapes import SUBJECT, registration, shapes

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


def played_at(subject, target, body):
    """A request of a shape, about another subject."""
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.replace(SUBJECT, subject)
    return target.replace(SUBJECT, subject), body


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
                        status, _ = server.send(method, *played_at(f"shape-{turn % len(selected)}", target, body), *headers)
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
    is_wanted = lambda name: not arguments.names or any(part in name for part in arguments.names)
    selected = [(name, requests) for name, requests in itertools.chain(shapes(), route_shapes()) if is_wanted(name)]
    missed = []
    print("| shape | sent | answer | time | CPU | memory |\n| --- | --- | --- | --- | --- | --- |")
    for name, requests in selected:
        status, code, size, elapsed, used, taken = measured(arguments.binary, name, requests)
        body = requests[-1][2]
        sent = 0 if body is None else len(body if isinstance(body, (bytes, str)) else json.dumps(body))
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
