"""What the checks of deploy/ share: places, ports, processes, requests."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
BINARY = ROOT / "target/debug/accordant"
# generous: a loaded machine is slow, and a server that never comes must fail nevertheless
PATIENCE = 60


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def output(command, expected=0, **more):
    """What a command writes; where it ends otherwise than expected, all that it had to say is told."""
    command = [str(part) for part in command]
    done = subprocess.run(command, capture_output=True, text=True, **more)
    assert done.returncode == expected, f"{' '.join(command)}: {done.returncode} {done.stdout} {done.stderr}"
    return done.stdout


@contextlib.contextmanager
def fresh_database(cluster):
    """A database of its own in a Postgres, gone afterwards: its URL."""
    name = f"deploy_{uuid.uuid4().hex}"
    subprocess.run(["psql", "-q", cluster, "-c", f"CREATE DATABASE {name}"], check=True)
    try:
        yield f"{cluster.rsplit('/', 1)[0]}/{name}"
    finally:
        subprocess.run(["psql", "-q", cluster, "-c", f"DROP DATABASE {name} WITH (FORCE)"], check=True)


def eventually(what, holds):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.1)
    raise SystemExit(f"not in {PATIENCE} s: {what}")


def request(url, method="GET", body=None, context=None):
    """Status and JSON of an answer; status 0 where there is none."""
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, method=method, headers={"content-type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=30, context=context) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else text.decode()
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text.decode(errors="replace")
    except OSError:
        return 0, None


@contextlib.contextmanager
def running(command, **more):
    """A process that is ended at the end, whatever happens."""
    process = subprocess.Popen(command, **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def environment(**more):
    """That of this process without what would configure a registry."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACCORDANT_")}
    return kept | more


def ready(url, context=None):
    return lambda: request(f"{url}/readyz", context=context)[0] == 200
