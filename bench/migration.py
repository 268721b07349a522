#!/usr/bin/env python3
"""Round trips of a registry, a cutover and how long they take: `bench/migration.py [--binary PATH] [--versions N] [--database URL] [--keep FOLDER]`.

A dump of the topic `_schemas` is made up: twenty contexts, gaps, soft deletions, references of three formats within and across contexts,
metadata, rules, modes, configs, aliases of subjects that have versions of their own. It is imported into the database A; A goes as a bundle
to B, B as a dump to C, and C to D from server to server, where the process that migrates is killed now and then and begun again. All digests
must be equal. Then one that registers and deletes without a pause is moved from A to E by a cutover: what the source has acknowledged must be
in E, and it is measured for how long nobody took a write. Each step is timed. With --database (an empty Postgres) that is B. Ends with an
error where something differs. Needs nothing but Python.
"""

import argparse
import json
import os
import random
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from scale import CONTEXTS, ROOT, VERSIONS, Server, avro, json_schema, protobuf, subject


def referring(number, version):
    """A schema, and what it refers to: the first version of an earlier subject of its format, of any context."""
    kind = number % 20
    made = protobuf(number, version) if kind < 3 else json_schema(number, version) if kind < 6 else avro(number, version)
    # 20 before is the same kind in the same context; every other time one of another context
    target = number - (20 if number % 3 else 19) if kind in (1, 4, 19) else -1
    if target < 20 or version < 2:
        return made, []
    if kind == 1:
        name = f"p{target}.proto"
        made["schema"] = made["schema"].replace(";\npackage", f';\nimport "{name}";\npackage', 1)
        return made, [(name, target - target % 20)]
    if kind == 4:
        text = json.loads(made["schema"])
        text["properties"]["other"] = {"$ref": f"other-{target}.json"}
        made["schema"] = json.dumps(text)
        return made, [(f"other-{target}.json", target - target % 20 + 3)]
    target = target - target % 20 + 6
    text = json.loads(made["schema"])
    text["fields"].append({"name": "other", "type": ["null", f"com.example.Entity{target}"], "default": None})
    made["schema"] = json.dumps(text)
    return made, [(f"com.example.Entity{target}", target)]


def dump(path, versions):
    ids = [0] * CONTEXTS
    with open(path, "w", encoding="utf-8") as out:
        def record(key, value):
            out.write(json.dumps(key) + "\t" + json.dumps(value) + "\n")

        record({"keytype": "CONFIG", "magic": 0}, {"compatibilityLevel": "FORWARD"})
        for number in range(versions // VERSIONS):
            name = subject(number)
            for version in range(1, VERSIONS + 1):
                ids[number % CONTEXTS] += 1
                # gaps: the numbers after 2 are one higher in every seventh subject
                shown = version + (1 if number % 7 == 0 and version > 2 else 0)
                made, references = referring(number, version)
                value = {"subject": name, "version": shown, "id": ids[number % CONTEXTS], **made}
                if references:
                    value["references"] = [{"name": one, "subject": qualified(target), "version": 1} for one, target in references]
                if number % 11 == 0:
                    value["metadata"] = {"properties": {"owner": f"team-{number % 97}"}, "tags": {"**.id": ["PII"]}}
                if number % 13 == 6:
                    rule = {"name": "r", "kind": "CONDITION", "type": "CEL", "mode": "WRITE", "expr": "message.id > 0"}
                    value["ruleSet"] = {"domainRules": [rule]}
                # all of some subjects, and one version of others; never a first version, which others refer to
                value["deleted"] = (number % 17 == 8 and version == 3) or (number % 20 == 10 and number % 3 == 0)
                record({"keytype": "SCHEMA", "subject": name, "version": shown, "magic": 1}, value)
            if number % 9 == 0 and number % 20 != 10:
                config = {"subject": name, "compatibilityLevel": "NONE"}
                record({"keytype": "CONFIG", "subject": name, "magic": 0}, config | ({"alias": subject(number + 1)} if number % 90 == 0 else {}))
            if number % 50 == 3:
                record({"keytype": "MODE", "subject": name, "magic": 0}, {"subject": name, "mode": "READONLY"})
        for context in range(1, CONTEXTS, 3):
            name = f":.context-{context}:"
            record({"keytype": "CONFIG", "subject": name, "magic": 0}, {"subject": name, "compatibilityLevel": "FULL"})


def qualified(number):
    # from another context the default one has to be named
    name = subject(number)
    return name if name.startswith(":") else f":.:{name}"


class Steps:
    def __init__(self, binary, folder):
        self.binary, self.folder, self.rows = binary, folder, []

    def run(self, what, arguments, versions=None, codes=(0,)):
        begun = time.perf_counter()
        done = subprocess.run([self.binary, *arguments], capture_output=True, text=True, cwd=self.folder, check=False)
        took = time.perf_counter() - begun
        rate = f"{versions / took:,.0f} versions/s" if versions else ""
        print(f"| {what} | {took:.1f} s | {rate} |", flush=True)
        if done.returncode not in codes:
            raise SystemExit(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done

    def digest(self, name, place):
        line = self.run(f"digest of {name}", ["digest", *place]).stdout
        print(f"  {line.strip()}", flush=True)
        return line.split()[0]


def killed_now_and_then(steps, arguments, kills):
    """Runs a command that is killed after a while, and again, until it comes to its end."""
    for _ in range(kills):
        process = subprocess.Popen([steps.binary, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=random.uniform(0.5, 6.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Writer(threading.Thread):
    """Registers and deletes, at the source until that refuses, then at the target as soon as it takes it."""

    def __init__(self, source, target):
        super().__init__(daemon=True)
        self.source, self.target = source, target
        self.acknowledged, self.deleted, self.paused, self.moved, self.end = [], [], None, 0, False

    def ask(self, base, method, path, body=None):
        data = json.dumps(body).encode() if body else None
        request = urllib.request.Request(base + path, data=data, method=method, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def run(self):
        number, refused, base = 0, None, self.source
        while not self.end:
            name = f"writer-{number % 500}"
            record = {"type": "record", "name": "W", "fields": [{"name": f"f{number}", "type": "string", "default": ""}]}
            status, answer = self.ask(base, "POST", f"/subjects/{name}/versions", {"schema": json.dumps(record)})
            if status != 200:
                # nothing but a mode refuses these: from now on it is tried at both
                refused = refused or time.perf_counter()
                base = self.target if base == self.source else self.source
                time.sleep(0.002)
                continue
            if refused and not self.paused and base == self.target:
                self.paused = time.perf_counter() - refused
            if base == self.source:
                self.acknowledged.append((name, answer["id"], json.dumps(record)))
                if number % 10 == 9:
                    status, _ = self.ask(base, "DELETE", f"/subjects/{name}/versions/latest")
                    if status == 200:
                        self.deleted.append((name, answer["id"]))
            else:
                self.moved += 1
            number += 1


def cut_over(steps, source, target, versions):
    steps.run("copy A to E, live", ["migrate", "--from", source, "--to", target, "--keep-import"], versions)
    writer = Writer(source, target)
    writer.ask(source, "PUT", "/config", {"compatibility": "NONE"})
    writer.start()
    time.sleep(2)
    done = steps.run("cutover A to E under a writer", ["migrate", "--from", source, "--to", target, "--cutover"], versions)
    said = [line for line in done.stderr.splitlines() if "nobody could write" in line]
    deadline = time.perf_counter() + 30
    while not writer.paused and time.perf_counter() < deadline:
        time.sleep(0.05)
    writer.end = True
    writer.join()
    deleted = set(writer.deleted)
    for name, number, text in writer.acknowledged:
        status, answer = writer.ask(target, "GET", f"/schemas/ids/{number}?subject={name}")
        if status != 200 or json.loads(answer["schema"]) != json.loads(text):
            raise SystemExit(f"{name} with id {number} is not in the target: {status} {answer}")
        status, _ = writer.ask(target, "POST", f"/subjects/{name}", {"schema": text})
        if (status == 404) != ((name, number) in deleted):
            raise SystemExit(f"{name} with id {number}: look-up answers {status}, deleted: {(name, number) in deleted}")
    print(f"| the writer's pause | {writer.paused:.2f} s | {len(writer.acknowledged)} acknowledged before, {len(deleted)} of them deleted, {writer.moved} after |")
    print("  " + "; ".join(said), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", default=os.path.join(ROOT, "target/dist/accordant"))
    parser.add_argument("--versions", type=int, default=50_000)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--database", help="an empty Postgres for B")
    parser.add_argument("--keep", help="a folder for what is written; without it one that is removed")
    parser.add_argument("--only", choices=["import", "round-trips", "cutover"])
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = os.path.abspath(asked.keep) if asked.keep else temporary
        os.makedirs(folder, exist_ok=True)
        file = lambda name: os.path.join(folder, name)
        steps, count = Steps(os.path.abspath(asked.binary), folder), asked.versions
        dump(file("made-up.txt"), count)
        a, b, c = f"sqlite://{file('a.db')}", asked.database or f"sqlite://{file('b.db')}", f"sqlite://{file('c.db')}"
        # the dump has Protobuf as somebody wrote it, the registry has it in canonical form: that is a difference
        steps.run("dump to A", ["import", file("made-up.txt"), "--database", a], count, (0, 1))
        steps.run("dump to A again", ["import", file("made-up.txt"), "--database", a], count, (0, 1))
        digests = [steps.digest("A", ["--database", a])]
        if asked.only == "import":
            return
        if asked.only != "cutover":
            steps.run("A to a bundle", ["export", "--database", a, "--output", file("a.jsonl.zst")], count)
            steps.run("bundle to B", ["import", file("a.jsonl.zst"), "--database", b], count)
            digests.append(steps.digest("B", ["--database", b]))
            steps.run("B to a dump", ["export", "--database", b, "--format", "schemas-topic", "--output", file("b.txt")], count)
            steps.run("dump to C", ["import", file("b.txt"), "--database", c], count)
            digests.append(steps.digest("C", ["--database", c]))
            from_c, to_d = Server(steps.binary, c), Server(steps.binary, f"sqlite://{file('d.db')}")
            between = ["migrate", "--from", f"http://127.0.0.1:{from_c.port}", "--to", f"http://127.0.0.1:{to_d.port}"]
            killed_now_and_then(steps, between, asked.kills)
            steps.run(f"C to D, live, after {asked.kills} kills", between, count)
            from_c.stop()
            digests.append(steps.digest("D, by its server", ["--registry", f"http://127.0.0.1:{to_d.port}"]))
            to_d.stop()
            digests.append(steps.digest("D", ["--database", f"sqlite://{file('d.db')}"]))
            if len(set(digests)) > 1:
                raise SystemExit("the digests differ")
            print("  all digests are equal", flush=True)
        source, target = Server(steps.binary, a), Server(steps.binary, f"sqlite://{file('e.db')}")
        cut_over(steps, f"http://127.0.0.1:{source.port}", f"http://127.0.0.1:{target.port}", count)
        source.stop()
        target.stop()


if __name__ == "__main__":
    main()
