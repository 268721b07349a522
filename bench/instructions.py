#!/usr/bin/env python3
"""Instructions a request, by callgrind: `bench/instructions.py [BINARY ...]`.

Where time differs from run to run, instructions hardly do: a figure for each of the requests that serializers and CI send all day, to see
what a change costs. With several binaries their figures stand side by side. Needs valgrind. The binaries should be release builds; symbols
are not needed. Nothing is asserted; the table is for docs/performance.md and for commit messages.
"""

import glob
import json
import os
import subprocess
import sys
import tempfile
import time

import scale

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REQUESTS = 300


class Counted(scale.Server):
    """A server under callgrind, on one thread."""

    def __init__(self, binary, folder):
        self.folder = folder
        super().__init__(
            "valgrind",
            f"sqlite://{folder}/registry.db",
            before=["--tool=callgrind", f"--callgrind-out-file={folder}/out", "--log-file=/dev/null", binary],
            after=["--worker-threads", "1"],
        )

    def control(self, command):
        subprocess.run(["callgrind_control", command, str(self.process.pid)], check=True, capture_output=True)

    def instructions(self, *request):
        for _ in range(20):
            status, answer = self.send(*request)
            if status != 200:
                raise SystemExit(f"{request[1]}: {status} {answer[:200]}")
        self.control("-z")
        for _ in range(REQUESTS):
            self.send(*request)
        self.control("-d")
        dumps = sorted(glob.glob(f"{self.folder}/out.*"), key=os.path.getmtime)
        with open(dumps[-1]) as dump:
            total = next(int(line.split()[1]) for line in dump if line.startswith(("summary:", "totals:")))
        for dump in dumps:
            os.remove(dump)
        return total / REQUESTS


def measured(binary):
    with tempfile.TemporaryDirectory() as folder:
        server = Counted(binary, folder)
        schema = scale.body(10, 0)
        path = f"/subjects/{scale.quoted(scale.subject(10))}"
        _, answer = server.send(b"POST", f"{path}/versions", schema)
        id = json.loads(answer)["id"]
        server.send(b"POST", f"{path}/versions", scale.body(10, 1))
        server.send(b"POST", "/subjects/events/versions", scale.body(4, 0))
        for number in range(100):
            server.send(b"POST", f"/subjects/list-{number}/versions", scale.body(10, 0))
        event = json.dumps({"id": 1, "name": "x", "field_0": "y"}).encode()
        yield "schema by id", server.instructions(b"GET", f"/schemas/ids/{id}?subject={scale.quoted(scale.subject(10))}")
        yield "latest version", server.instructions(b"GET", f"{path}/versions/latest")
        yield "versions of a subject", server.instructions(b"GET", f"{path}/versions")
        yield "config of a subject", server.instructions(b"GET", f"/config/{scale.quoted(scale.subject(10))}?defaultToGlobal=true")
        yield "look-up", server.instructions(b"POST", path, schema)
        yield "known registration", server.instructions(b"POST", f"{path}/versions", schema)
        yield "check with the latest version", server.instructions(b"POST", f"/compatibility{path}/versions/latest", scale.body(10, 1))
        yield "subjects, 100", server.instructions(b"GET", "/subjects?subjectPrefix=list-")
        yield "validation of an event", server.instructions(
            b"POST",
            "/cloudevents/validate?subject=events",
            event,
            {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/bench", "ce-type": "t"},
        )
        server.stop()


def main():
    binaries = sys.argv[1:] or [os.path.join(ROOT, "target/dist/accordant")]
    print("| request | " + " | ".join(f"{os.path.basename(binary)}, instructions" for binary in binaries) + " |")
    print("| --- |" + " --- |" * len(binaries))
    for rows in zip(*(measured(binary) for binary in binaries)):
        print(f"| {rows[0][0]} | " + " | ".join(f"{count:,.0f}" for _, count in rows) + " |", flush=True)


if __name__ == "__main__":
    main()
