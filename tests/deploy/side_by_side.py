"""Two releases side by side on one Postgres database, as in a rolling upgrade: the new one migrates it while the old one serves, and both are
asked for everything at once. `side_by_side.py OLD_BINARY`; needs TEST_POSTGRES_URL and the debug binary.
"""
import contextlib
import itertools
import os
import subprocess
import sys
import threading

import content
from common import BINARY, environment, eventually, free_port, fresh_database, output, ready, request, running

OLD = sys.argv[1]
CLUSTER = os.environ["TEST_POSTGRES_URL"]
ROUNDS = 40
NEWER_DATABASE = 5


@contextlib.contextmanager
def server(binary, database):
    port = free_port()
    command = [binary, "--listen", f"127.0.0.1:{port}", "--database", database, "--log-level", "warn"]
    with running(command, env=environment()) as process:
        eventually(f"{binary} on {database}", ready(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}"
        assert process.poll() is None, f"{binary} ended by itself"


def do(url, method, target, body=None, expected=200):
    status, answer = request(url + target, method, body)
    assert status == expected, f"{url}: {method} {target}: {status} {answer}"
    return answer


def version():
    told = [output([binary, "--version", "--verbose"]) for binary in (OLD, BINARY)]
    return [" ".join(text.split("compiler")[0].split()) for text in told]


def schema(number):
    return content.AVRO % (f"R{number}", "")


def written_by_many(urls):
    """Clients of each write at once: contents of their own, and the same ones. What each was told."""
    told, failures = [], []

    def client(number):
        try:
            for turn in range(ROUNDS):
                url = urls[(number + turn) % len(urls)]
                own = do(url, "POST", f"/subjects/own-{number}/versions", {"schema": schema(f"_{number}_{turn}"), "schemaType": "AVRO"})
                same = do(url, "POST", "/subjects/same/versions", {"schema": schema(f"_same_{turn}")})
                told.append((f"_{number}_{turn}", own["id"]))
                told.append((f"_same_{turn}", same["id"]))
        except AssertionError as error:
            failures.append(str(error))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(6)]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    assert not failures, failures
    return told


def seen(url):
    return [content.look(url), do(url, "GET", "/schemas?subjectPrefix=:*:&deleted=true"), do(url, "GET", "/config"), do(url, "GET", "/mode")]


with fresh_database(CLUSTER) as database:
    with server(OLD, database) as old:
        content.fill(old)
        do(old, "PUT", "/config", {"compatibility": "NONE"})
        before = content.look(old)
        dry = subprocess.run([BINARY, "migrate-database", "--dry-run", "--database", database], env=environment(), capture_output=True, text=True)
        assert dry.returncode in (0, 3), dry.stderr
        migrations = len(dry.stdout.splitlines()) if dry.returncode else 0
        # the new one migrates under the old one
        with server(BINARY, database) as new:
            assert content.look(new) == before, "the new one sees another registry"
            told = written_by_many([old, new])
            ids = {}
            for name, number in told:
                assert ids.setdefault(name, number) == number, f"{name} has two ids"
            assert len(set(ids.values())) == len(ids), "an id stands for two contents"
            for url, (name, number) in itertools.product([old, new], ids.items()):
                assert schema(name).split('"')[7] in do(url, "GET", f"/schemas/ids/{number}")["schema"]
            for writer, reader in [(old, new), (new, old)]:
                subject = f"of-{writer is old}"
                do(writer, "POST", f"/subjects/{subject}/versions", {"schema": '"string"'})
                do(writer, "PUT", f"/config/{subject}", {"compatibility": "FULL"})
                do(writer, "PUT", f"/mode/{subject}", {"mode": "READONLY"})
                eventually("the level", lambda: request(f"{reader}/config/{subject}")[1].get("compatibilityLevel") == "FULL")
                eventually("the mode", lambda: request(f"{reader}/mode/{subject}")[1].get("mode") == "READONLY")
                assert request(f"{reader}/subjects/{subject}/versions", "POST", {"schema": '"int"'})[0] in (409, 422)
                do(reader, "DELETE", f"/mode/{subject}")
                do(reader, "DELETE", f"/subjects/{subject}")
                eventually("the deletion", lambda: request(f"{writer}/subjects/{subject}/versions")[0] == 404)
                do(writer, "DELETE", f"/subjects/{subject}?permanent=true")
                kek = {"name": subject, "kmsType": "local-kms", "kmsKeyId": "k", "shared": False}
                do(writer, "POST", "/dek-registry/v1/keks", kek)
                dek = {"subject": "s", "encryptedKeyMaterial": "AAAA"}
                do(reader, "POST", f"/dek-registry/v1/keks/{subject}/deks", dek)
                assert do(writer, "GET", f"/dek-registry/v1/keks/{subject}/deks/s")["encryptedKeyMaterial"] == "AAAA"
            eventually("both see the same registry", lambda: seen(old) == seen(new))
            after = seen(new)
    # what is lost in the middle of an upgrade: the old one is refused, or starts where there was nothing to migrate
    command = [OLD, "--listen", "127.0.0.1:0", "--database", database, "--log-level", "warn"]
    with running(command, env=environment(), stderr=subprocess.PIPE) as process:
        try:
            assert process.wait(5) == NEWER_DATABASE, process.stderr.read()
            again = f"is refused with exit code {NEWER_DATABASE}"
        except subprocess.TimeoutExpired:
            again = "starts, for there was nothing to migrate"
    with server(BINARY, database) as new:
        assert seen(new) == after, "the new one alone sees another registry"
    output([BINARY, "audit", "verify", "--database", database], env=environment())
print("old:", version()[0])
print("new:", version()[1])
print(f"{migrations} migrations under the old one;")
print(f"side by side: {len(told)} registrations through both at once, settings, deletions and keys of each seen by the other;")
print(f"the old one, started again, {again}")
