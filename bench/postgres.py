#!/usr/bin/env python3
"""Writers and replicas over one Postgres: `bench/postgres.py [--seconds N] [BINARY ...]`.

A cluster of its own (initdb, flushes on) is made on this machine; 1, 2 and 3 replicas get 8, 32 and 100 clients, each of which registers
one new schema after the other under a new subject, all in one context, which is the hardest case: one counter hands out all ids. Then
`latest` is asked for by 32 clients. Printed as tables in Markdown, for each binary: requests a second, the CPU time of a request in the
replicas and in Postgres, commits for each flush of the log; and what the disk can do, by pg_test_fsync. Clients, replicas and Postgres
share the machine. Needs Linux and Debian's Postgres.
"""

import argparse
import glob
import json
import os
import selectors
import shutil
import socket
import subprocess
import tempfile
import time

import scale

CLIENTS = (8, 32, 100)
REPLICAS = (1, 2, 3)
READERS = 32
SUBJECTS = 64
TICKS = os.sysconf("SC_CLK_TCK")


def tool(name):
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else name


class Cluster:
    """A Postgres of its own, which `postgres` runs where this is root."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="accordant-bench.")
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        if self.prefix:
            shutil.chown(self.folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.run("initdb", "-D", f"{self.folder}/data", "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C")
        options = f"-c port={self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200"
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", options, "start")

    def run(self, name, *arguments):
        done = subprocess.run([*self.prefix, tool(name), *arguments], cwd=self.folder, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name}: {done.stderr}")
        return done.stdout

    def ask(self, statement, database="postgres"):
        return self.run("psql", "-qAt", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-c", statement).strip()

    def fresh(self, name):
        self.ask(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self.ask(f"CREATE DATABASE {name}")
        return f"postgres://postgres@127.0.0.1:{self.port}/{name}"

    def written(self):
        """Commits of all databases, and flushes of the log."""
        commits = self.ask("SELECT sum(xact_commit) FROM pg_stat_database")
        return int(commits), int(self.ask("SELECT wal_sync FROM pg_stat_wal"))

    def cpu(self):
        """Of the server and all its processes, also those that have ended."""
        with open(f"{self.folder}/data/postmaster.pid") as file:
            parent = int(file.readline())
        total = 0.0
        for stat in glob.glob("/proc/[0-9]*/stat"):
            try:
                with open(stat) as file:
                    text = file.read()
            except OSError:
                continue
            fields = text.rsplit(")", 1)[1].split()
            if int(text.split()[0]) == parent:
                total += sum(int(field) for field in fields[11:15])
            elif int(fields[1]) == parent:
                total += int(fields[11]) + int(fields[12])
        return total / TICKS

    def flushes(self):
        """How often a second the disk can be told to keep what a commit writes."""
        target = f"{self.folder}/fsync"
        text = self.run("pg_test_fsync", "-s", "2", "-f", target)
        return next(line.split()[1] for line in text.splitlines() if line.strip().startswith("fdatasync"))

    def stop(self):
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


def registration(client, number):
    text = {"type": "record", "name": "R", "fields": [{"name": f"f{client}_{number}", "type": "int"}, {"name": "id", "type": "long"}]}
    return b"POST", f"/subjects/s{client}-{number}/versions", json.dumps({"schema": json.dumps(text)}).encode()


def latest(client, number):
    return b"GET", f"/subjects/s10000-{(client * 7 + number) % SUBJECTS}/versions/latest", b""


def drive(servers, clients, seconds, make, offset=0):
    """Requests answered: each client sends the next one when it has the answer to the last."""
    waiting, counts, answered = selectors.DefaultSelector(), {}, 0
    for client in range(clients):
        server = servers[client % len(servers)]
        connection = socket.create_connection(("127.0.0.1", server.port))
        counts[connection] = (server, client, 0)
        connection.sendall(server.request(*make(client + offset, 0)))
        waiting.register(connection, selectors.EVENT_READ)
    end = time.monotonic() + seconds
    while counts:
        for key, _ in waiting.select():
            connection = key.fileobj
            status, answer = scale.receive(connection)
            if status != 200:
                raise SystemExit(f"{status} {answer[:300]}")
            server, client, number = counts[connection]
            answered += 1
            if time.monotonic() > end:
                waiting.unregister(connection)
                connection.close()
                del counts[connection]
                continue
            counts[connection] = (server, client, number + 1)
            connection.sendall(server.request(*make(client + offset, number + 1)))
    return answered


def row(cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def measured(cluster, servers, clients, seconds, make, offset=0):
    before = (sum(server.cpu() for server in servers), cluster.cpu(), *cluster.written())
    begun = time.monotonic()
    answered = drive(servers, clients, seconds, make, offset)
    rate = answered / (time.monotonic() - begun)
    time.sleep(1.2)
    after = (sum(server.cpu() for server in servers), cluster.cpu(), *cluster.written())
    own, postgres, commits, flushes = (there - here for here, there in zip(before, after))
    return f"{rate:,.0f}", f"{own / answered * 1e6:,.0f} µs", f"{postgres / answered * 1e6:,.0f} µs", f"{commits / max(flushes, 1):.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", nargs="*", default=[f"{scale.ROOT}/target/dist/accordant"])
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--replicas", type=int, nargs="+", default=REPLICAS)
    parser.add_argument("--clients", type=int, nargs="+", default=CLIENTS)
    given = parser.parse_args()
    cluster = Cluster()
    try:
        print(f"The disk: {cluster.flushes()} flushes a second (pg_test_fsync, fdatasync)\n")
        for binary in given.binaries:
            row([os.path.basename(binary), "clients", "a second", "CPU of replicas", "CPU of Postgres", "commits a flush"])
            row(["---"] * 6)
            for replicas in given.replicas:
                database = cluster.fresh("bench")
                servers = [scale.Server(binary, database) for _ in range(replicas)]
                named = f"{replicas} replica" + "s" * (replicas > 1)
                for number in range(SUBJECTS):
                    servers[number % replicas].send(*registration(10_000, number))
                for at, clients in enumerate(given.clients):
                    row([f"register, {named}", clients, *measured(cluster, servers, clients, given.seconds, registration, at * 1_000)])
                row([f"latest, {named}", READERS, *measured(cluster, servers, READERS, given.seconds, latest)])
                for server in servers:
                    server.stop()
            print(flush=True)
    finally:
        cluster.stop()


if __name__ == "__main__":
    main()
