"""nginx or HAProxy, with the configuration that is shipped, in front of two replicas over one Postgres; one of them stops meanwhile.

usage: balancer.py nginx|haproxy          needs TEST_POSTGRES_URL
"""
import contextlib
import os
import pathlib
import ssl
import subprocess
import sys
import tempfile
import threading
import uuid

from common import BINARY, DEPLOY, environment, eventually, free_port, output, ready, request, running

NAME = sys.argv[1]
CLUSTER = os.environ["TEST_POSTGRES_URL"]


def replaced(text, *pairs):
    for old, new in pairs:
        assert old in text, f"{NAME}: the configuration has no '{old}'"
        text = text.replace(old, new)
    return text


def nginx(folder, front, replicas):
    key, certificate = folder / "registry.key", folder / "registry.pem"
    output(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", certificate])
    text = replaced(
        (DEPLOY / "nginx/accordant.conf").read_text(),
        ("listen 443 ", f"listen 127.0.0.1:{front} "), ("/etc/nginx/tls/registry.pem", str(certificate)),
        ("/etc/nginx/tls/registry.key", str(key)), *[(f"registry-{i}:8081", f"127.0.0.1:{port}") for i, port in enumerate(replicas, 1)],
    )
    (folder / "accordant.conf").write_text(text)
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1; daemon off;"
        f"events {{}} http {{ access_log off; {temporary} include {folder}/accordant.conf; }}"
    )
    if os.getuid() == 0:
        # its workers run as another user
        with open(folder / "nginx.conf", "a") as file:
            file.write("\nuser root;\n")
    command = ["nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"]
    output([*command, "-t"])
    context = ssl.create_default_context(cafile=certificate)
    context.check_hostname = False
    return command, f"https://127.0.0.1:{front}", context


def haproxy(folder, front, replicas):
    text = replaced(
        (DEPLOY / "haproxy/haproxy.cfg").read_text(),
        ("bind :8081", f"bind 127.0.0.1:{front}"), *[(f"registry-{i}:8081", f"127.0.0.1:{port}") for i, port in enumerate(replicas, 1)],
    )
    (folder / "haproxy.cfg").write_text(text)
    output(["haproxy", "-c", "-f", folder / "haproxy.cfg"])
    return ["haproxy", "-db", "-f", folder / "haproxy.cfg"], f"http://127.0.0.1:{front}", None


def main():
    database = f"balancer_{uuid.uuid4().hex}"
    psql = ["psql", "-q", CLUSTER, "-c"]
    subprocess.run([*psql, f"CREATE DATABASE {database}"], check=True)
    try:
        with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
            drive(pathlib.Path(name), f"{CLUSTER.rsplit('/', 1)[0]}/{database}", stack)
    finally:
        subprocess.run([*psql, f"DROP DATABASE {database} WITH (FORCE)"], check=True)


def drive(folder, url, stack):
    replicas = [free_port(), free_port()]
    more = ["--database", url, "--log-level", "warn", "--trusted-proxies", "127.0.0.1", "--shutdown-delay", "6s", "--allow-anonymous", "true"]
    started = []
    for port in replicas:
        command = [BINARY, "--listen", f"127.0.0.1:{port}", *more]
        started.append(stack.enter_context(running(command, env=environment())))
        eventually(f"a replica on {port}", ready(f"http://127.0.0.1:{port}"))
    command, front, context = {"nginx": nginx, "haproxy": haproxy}[NAME](folder, free_port(), replicas)
    stack.enter_context(running(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    eventually(f"{NAME} passes requests on", ready(front, context))
    ask = lambda target, method="GET", body=None: request(front + target, method, body, context)
    # a subject with all that proxies like to change
    odd = "a%2Fb%2F%2Fc%3A.d%20e%25"
    schema = {"schema": '"string"'}
    status, answer = ask(f"/subjects/{odd}/versions", "POST", schema)
    assert status == 200, answer
    for port in replicas:
        assert request(f"http://127.0.0.1:{port}/subjects")[1] == ["a/b//c:.d e%"], "the path did not arrive as it was sent"
    assert ask("/metrics")[0] == 404 and request(f"http://127.0.0.1:{replicas[0]}/metrics")[0] == 200
    # more than proxies take unless they are told to
    large = {"schema": '{"type":"enum","name":"E","symbols":["A"],"doc":"' + "x" * 3_000_000 + '"}'}
    status, answer = ask("/subjects/large/versions", "POST", large)
    assert status == 200, answer
    # who asked is known
    entries = request(f"http://127.0.0.1:{replicas[0]}/accordant/v1/audit")[1]["entries"]
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}, entries
    # one replica stops, and nobody notices
    failures, done, is_over = [], [0], threading.Event()

    def client(number):
        i = 0
        while not is_over.is_set():
            i += 1
            target = f"/subjects/s-{number}-{i}/versions"
            for method, body in (("POST", schema), ("GET", None)):
                status, answer = ask(target, method, body)
                done[0] += 1
                if status != 200:
                    failures.append((method, target, status, answer))

    clients = [threading.Thread(target=client, args=(number,)) for number in range(4)]
    for one in clients:
        one.start()
    try:
        eventually("requests before the stop", lambda: done[0] > 100)
        started[0].terminate()
        assert started[0].wait(60) == 0
        after = done[0]
        eventually("requests after the stop", lambda: done[0] > after + 100)
    finally:
        is_over.set()
        for one in clients:
            one.join()
    assert not failures, failures[:3]
    print(f"{NAME}: {done[0]} requests, one of two replicas stopped meanwhile, none failed")


main()
