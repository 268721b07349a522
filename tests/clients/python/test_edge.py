"""The examples at the edge: nginx that holds events until they are judged, and a producer that asks first."""
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conftest import URL

EXAMPLES = pathlib.Path(__file__).parents[3] / "examples"
EVENT = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/shop", "ce-type": "sold"}
MODULES = ["/usr/lib/nginx/modules/ngx_http_js_module.so", "/usr/share/nginx/modules/ngx_http_js_module.so"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def module():
    """nginx's JavaScript module; installed where that can be done."""
    found = lambda: next((path for path in MODULES if os.path.exists(path)), None)
    if not (shutil.which("nginx") and found()) and shutil.which("apt-get") and os.geteuid() == 0:
        install = ["apt-get", "install", "-qq", "-y", "--no-install-recommends", "nginx-light", "libnginx-mod-http-js"]
        subprocess.run(install, check=False, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, stdout=subprocess.DEVNULL)
    if not (shutil.which("nginx") and found()):
        pytest.skip("nginx and libnginx-mod-http-js are not there and can't be installed")
    return found()


@pytest.fixture(scope="module")
def app():
    """What stands behind the proxy: remembers what reached it."""
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            names = {name.lower(): value for name, value in self.headers.items()}
            self.server.seen.append((self.path, names, body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.seen = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def start(folder, app, registry):
    """nginx with the example's configuration, its addresses replaced."""
    port = free_port()
    text = (EXAMPLES / "edge/nginx.conf").read_text()
    for name, there in [
        ("modules/ngx_http_js_module.so", module()),
        ("js_path /etc/nginx/", f"js_path {EXAMPLES}/edge/"),
        ("registry:8081", registry),
        ("app:80;", f"127.0.0.1:{app.server_address[1]};"),
        ("listen 8080", f"listen 127.0.0.1:{port}"),
    ]:
        assert name in text
        text = text.replace(name, there)
    temporary = "".join(f"    {kind}_temp_path {folder}/{kind};\n" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
    text = text.replace("http {\n", "http {\n    access_log off;\n" + temporary)
    (folder / "nginx.conf").write_text(f"daemon off;\npid {folder}/pid;\nerror_log {folder}/error.log;\n" + text)
    process = subprocess.Popen(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    return process, f"http://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def edge(tmp_path_factory, app):
    process, url = start(tmp_path_factory.mktemp("edge"), app, URL.split("://")[1])
    yield url
    process.terminate()
    process.wait()


def post(url, headers, body):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body, headers=headers, method="POST")) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.mark.parametrize("body", [b"{}", bytes(range(256)), bytes(range(256)) * 3000], ids=["json", "bytes", "750 KiB"])
def test_valid_events_pass_unchanged(edge, app, body):
    app.seen.clear()
    kind = "application/json" if body == b"{}" else "application/octet-stream"
    status, _ = post(edge + "/orders?a=1", {**EVENT, "Content-Type": kind}, body)
    [(path, headers, arrived)] = app.seen
    assert (status, path, headers["ce-type"], arrived == body) == (202, "/orders?a=1", "sold", True)


@pytest.mark.parametrize("headers, body, status, words", [
    ({"Content-Type": "application/json"}, b"{}", 422, "not_a_cloudevent"),
    ({**EVENT, "ce-time": "now", "Content-Type": "application/json"}, b"{}", 422, "attribute.time.format"),
    ({**EVENT, "Content-Type": "application/json"}, b"{", 422, "data.decode"),
    ({"Content-Type": "application/cloudevents+avro"}, b"x", 415, "Media type not supported"),
])
def test_others_never_reach_the_application(edge, app, headers, body, status, words):
    app.seen.clear()
    answered, text = post(edge + "/", headers, body)
    assert (answered, words in text, app.seen) == (status, True, []), text


def test_the_edge_is_closed_while_nobody_can_judge(tmp_path, app):
    process, url = start(tmp_path, app, f"127.0.0.1:{free_port()}")
    try:
        app.seen.clear()
        assert post(url + "/", {**EVENT, "Content-Type": "application/json"}, b"{}")[0] == 503
        assert app.seen == []
    finally:
        process.terminate()
        process.wait()


def test_a_producer_that_asks_first():
    sys.path.insert(0, str(EXAMPLES / "python"))
    from cloudevents.core.v1.event import CloudEvent
    from validating_producer import InvalidEvent, ValidatingProducer

    class Recorder:
        sent = []

        def produce(self, topic, **record):
            self.sent.append((topic, record["key"], record["value"], dict(record["headers"])["ce_id"]))

    producer = ValidatingProducer(Recorder(), URL, schema="ignore")
    attributes = {"specversion": "1.0", "id": "1", "source": "/shop", "type": "sold", "datacontenttype": "application/json"}
    producer.produce("orders", CloudEvent({**attributes, "partitionkey": "k"}, {"total": 3}))
    assert Recorder.sent == [("orders", "k", b'{"total": 3}', b"1")]
    with pytest.raises(InvalidEvent, match="attribute.source.format"):
        producer.produce("orders", CloudEvent({**attributes, "source": "a b"}, {"total": 3}))
    with pytest.raises(InvalidEvent, match="schema.unresolved"):
        ValidatingProducer(Recorder(), URL, schema="required").produce("orders", CloudEvent(attributes, {"total": 3}))
    assert len(Recorder.sent) == 1
