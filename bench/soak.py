#!/usr/bin/env python3
"""Ten minutes of everything at once: `bench/soak.py [--binary PATH] [--minutes N] [--postgres URL --restart COMMAND]`.

Readers, writers, checkers and hostile clients share one server. With `--restart`, a command that restarts Postgres is run every
two minutes. At the end every acknowledged registration must be there under its id, the memory must not have grown in the second half
beyond a fifth, and nobody may have been told that a valid schema is invalid. Ends with 1 where that does not hold.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import threading
import time

import battery


def schema(writer, number):
    fields = [{"name": f"f{at}", "type": "long", "default": 0} for at in range(number % 40 + 1)]
    return json.dumps({"type": "record", "name": f"W{writer}", "namespace": f"n{number}", "fields": fields})


class Soak:
    def __init__(self, server):
        self.server = server
        self.stop = threading.Event()
        self.acknowledged = {}
        self.lock = threading.Lock()
        self.answers = {}
        self.wrong = []

    def count(self, who, status):
        with self.lock:
            self.answers[(who, status)] = self.answers.get((who, status), 0) + 1

    def send(self, who, *request):
        try:
            status, answer = self.server.send(*request, timeout=30)
        except OSError:
            status, answer = 0, b""
        self.count(who, status)
        return status, answer

    def write(self, writer):
        number = 0
        while not self.stop.is_set():
            number += 1
            text = schema(writer, number)
            subject = f"soak-{writer}-{number}"
            status, answer = self.send("register", "POST", f"/subjects/{subject}/versions", battery.registration(text, "AVRO"))
            if status == 200:
                with self.lock:
                    self.acknowledged[subject] = (json.loads(answer)["id"], text)
            elif status == 422:
                self.wrong.append(f"{subject}: {answer[:200]}")
            time.sleep(0.02)

    def read(self):
        while not self.stop.is_set():
            with self.lock:
                known = random.choice(list(self.acknowledged.items())) if self.acknowledged else None
            if known:
                subject, (id, text) = known
                status, answer = self.send("read", "GET", f"/schemas/ids/{id}")
                if status == 200 and json.loads(json.loads(answer)["schema"]) != json.loads(text):
                    self.wrong.append(f"id {id} has another text")
                self.send("latest", "GET", f"/subjects/{subject}/versions/latest")
                self.send("check", "POST", f"/compatibility/subjects/{subject}/versions/latest", battery.registration(text, "AVRO"))
            time.sleep(0.005)

    def attack(self, shapes):
        turn = random.randrange(len(shapes))
        while not self.stop.is_set():
            turn = (turn + 1) % len(shapes)
            for method, path, body, *headers in shapes[turn][1]:
                self.send("hostile", method, *battery.played_at(f"hostile-{turn}", path, body), *headers)
            time.sleep(0.2)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default=os.path.join(battery.ROOT, "target", "release", "accordant"))
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--postgres", help="an empty database, as postgres://…; without it SQLite")
    parser.add_argument("--restart", help="a command that restarts Postgres")
    arguments = parser.parse_args()
    server = battery.Server(arguments.binary, arguments.postgres)
    soak = Soak(server)
    shapes = [*battery.shapes(), *battery.route_shapes()]
    jobs = [(soak.write, (at,)) for at in range(3)] + [(soak.read, ()) for _ in range(3)] + [(soak.attack, (shapes,)) for _ in range(2)]
    threads = [threading.Thread(target=job, args=given, daemon=True) for job, given in jobs]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    memory, restarts = [], 0
    while (passed := time.monotonic() - begun) < arguments.minutes * 60:
        time.sleep(5)
        memory.append(server.memory("VmRSS") >> 20)
        if arguments.restart and passed > (restarts + 1) * 120:
            restarts += 1
            subprocess.run(arguments.restart, shell=True, check=True)
    soak.stop.set()
    for thread in threads:
        thread.join()
    time.sleep(10)
    lost = []
    for subject, (id, text) in soak.acknowledged.items():
        status, answer = server.send("GET", f"/subjects/{subject}/versions/1")
        if status != 200 or json.loads(answer)["id"] != id or json.loads(json.loads(answer)["schema"]) != json.loads(text):
            lost.append((subject, id, status))
    half = len(memory) // 2
    middle, last = sorted(memory[half - half // 4 : half + half // 4]), sorted(memory[-half // 2 :])
    middle, last = middle[len(middle) // 2], last[len(last) // 2]
    at_rest = server.memory("VmRSS") >> 20
    server.stop()
    print(f"{arguments.minutes:g} minutes, {restarts} restarts of the database, {len(soak.acknowledged)} acknowledged registrations, {len(lost)} lost")
    print(f"memory: {middle} MB in the middle, {last} MB at the end (medians), {max(memory)} MB at most, {at_rest} MB at rest")
    for (who, status), times in sorted(soak.answers.items()):
        print(f"  {who:9} {status:3}  {times}")
    for line in soak.wrong[:10]:
        print(f"wrong: {line}")
    for line in lost[:10]:
        print(f"lost: {line}")
    return 1 if lost or soak.wrong or last > middle * 1.2 + 10 else 0


if __name__ == "__main__":
    sys.exit(main())
