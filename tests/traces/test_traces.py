"""What an OpenTelemetry collector gets, read by OTLP's own classes: `ACCORDANT` is a binary that was built with `--features otlp`."""
import contextlib
import http.server
import os
import pathlib
import re
import socket
import subprocess
import threading
import time

import pytest
import requests
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACCORDANT = os.environ.get("ACCORDANT", str(ROOT / "target/debug/accordant"))
TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "a=1"}
# generous: a loaded machine is slow
PATIENCE = 60


def eventually(what, holds):
    end = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < end, f"not in {PATIENCE} s: {what}"
        time.sleep(0.05)
    return found


class Collector(http.server.ThreadingHTTPServer):
    """Takes what is sent, and answers with a status; with 0 it never answers."""

    def __init__(self, status=200):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.headers, self.resources, self.seen = status, [], [], []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def spans(self, trace):
        return [span for span in list(self.seen) if span.trace_id.hex() == trace]

    def server_span(self, trace):
        """The span of the one request of a trace, once it is there: it comes after those below it."""
        def found():
            return [span for span in self.spans(trace) if span.kind == Span.SPAN_KIND_SERVER]
        return eventually(f"a span of a request in {trace}", found)[0]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.status == 0:
            self.server.released.wait(PATIENCE)
            return
        message = ExportTraceServiceRequest.FromString(body)
        self.server.headers.append((self.path, dict(self.headers)))
        if self.server.status == 200:
            for resource in message.resource_spans:
                self.server.resources.append(attributes(resource.resource))
                for scope in resource.scope_spans:
                    assert scope.scope.name == "accordant"
                    self.server.seen.extend(scope.spans)
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def attributes(message):
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in message.attributes}


@contextlib.contextmanager
def serving(tmp_path, *arguments):
    """The URL of a server, and what asks it to stop and gives its log."""
    command = [ACCORDANT, "--listen", "127.0.0.1:0", "--database", f"sqlite://{tmp_path}/traces.db", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    lines = []

    def stopped():
        process.terminate()
        lines.extend(process.stderr)
        assert process.wait(PATIENCE) == 0
        return "".join(lines)
    try:
        for line in process.stderr:
            lines.append(line)
            if found := re.search(r"listening on (http://\S+?),", line):
                yield found[1], stopped
                return
        raise AssertionError("".join(lines))
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def collector():
    with Collector() as collector:
        yield collector
        collector.shutdown()


def register(url, subject="s", headers=None):
    answer = requests.post(f"{url}/subjects/{subject}/versions", json={"schema": '"string"'}, headers=headers, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def counts(url):
    text = requests.get(f"{url}/metrics", timeout=PATIENCE).text
    return {outcome: int(count) for outcome, count in re.findall(r'accordant_trace_spans_total\{outcome="(\w+)"\} (\d+)', text)}


def test_a_request_is_a_span_of_its_callers_trace_with_what_the_registry_did_below(tmp_path, collector):
    options = ["--otlp-endpoint", collector.url, "--otlp-headers", "authorization=Bearer t,x-tenant=a", "--otlp-service-name", "registry-1"]
    with serving(tmp_path, *options) as (url, _):
        register(url, headers={**SAMPLED, "x-request-id": "request-1"})
        span = collector.server_span(TRACE)
        assert (span.name, span.parent_span_id.hex(), span.trace_state) == ("POST /subjects/{subject}/versions", CALLER, "a=1")
        assert attributes(span) == {
            "http.request.method": "POST",
            "url.path": "/subjects/s/versions",
            "http.route": "/subjects/{subject}/versions",
            "http.response.status_code": 200,
            "accordant.request_id": "request-1",
            "accordant.cached": False,
        }
        assert span.status.code == Status.STATUS_CODE_UNSET
        now = time.time_ns()
        assert span.start_time_unix_nano <= span.end_time_unix_nano <= now and now - span.start_time_unix_nano < PATIENCE * 10**9
        spans = {span.span_id: span for span in collector.spans(TRACE)}
        below = [inner for inner in spans.values() if inner is not spans[span.span_id]]
        assert {"registry.register", "store.register"} <= {inner.name for inner in below}, [inner.name for inner in below]
        for inner in below:
            assert inner.kind == Span.SPAN_KIND_INTERNAL
            outer = spans[inner.parent_span_id]
            assert outer.start_time_unix_nano <= inner.start_time_unix_nano <= inner.end_time_unix_nano <= outer.end_time_unix_nano
        resource = collector.resources[0]
        assert resource["service.name"] == "registry-1" and resource["service.version"] and resource["service.instance.id"]
        path, headers = collector.headers[0]
        assert (path, headers["authorization"], headers["x-tenant"]) == ("/v1/traces", "Bearer t", "a")
        assert headers["content-type"] == "application/x-protobuf"


def test_answers_from_memory_have_spans_too(tmp_path, collector):
    with serving(tmp_path, "--otlp-endpoint", collector.url) as (url, _):
        number = register(url)
        for turn in range(2):
            trace = f"{turn + 1:032x}"
            requests.get(f"{url}/schemas/ids/{number}", headers={"traceparent": f"00-{trace}-{CALLER}-01"}, timeout=PATIENCE)
            span = collector.server_span(trace)
            assert span.name == "GET /schemas/ids/{id}"
            assert attributes(span)["accordant.cached"] is bool(turn)


def test_the_caller_decides_and_where_there_is_none_chance(tmp_path, collector):
    with serving(tmp_path, "--otlp-endpoint", collector.url, "--otlp-sampling", "0") as (url, stopped):
        register(url, headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})
        register(url, "t")
        requests.get(f"{url}/healthz", timeout=PATIENCE)
        stopped()
        assert not collector.seen
    with serving(tmp_path, "--otlp-endpoint", collector.url) as (url, stopped):
        register(url, "u", headers={"traceparent": f"00-{TRACE}-{CALLER}-00"})
        register(url, "v")
        for path in ["/healthz", "/readyz", "/metrics"]:
            requests.get(f"{url}{path}", timeout=PATIENCE)
        # what waits is sent before the process ends
        log = stopped()
    assert "collector" not in log
    requests_seen = [span for span in collector.seen if span.kind == Span.SPAN_KIND_SERVER]
    assert [attributes(span)["url.path"] for span in requests_seen] == ["/subjects/v/versions"]
    assert not requests_seen[0].parent_span_id and len(set(span.trace_id for span in collector.seen)) == 1


def test_a_failure_of_the_server_is_an_error_and_the_log_names_the_trace(tmp_path, collector):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        vault = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        arguments = ["--otlp-endpoint", collector.url, "--kms-vault-address", vault, "--kms-vault-token", "t", "--access-log", "errors"]
        with serving(tmp_path, *arguments) as (url, stopped):
            kek = {"name": "k", "kmsType": "hcvault", "kmsKeyId": f"{vault}/transit/keys/k", "shared": True}
            assert requests.post(f"{url}/dek-registry/v1/keks", json=kek, timeout=PATIENCE).status_code == 200
            answer = requests.post(f"{url}/dek-registry/v1/keks/k/deks/s", json={}, headers=SAMPLED, timeout=PATIENCE)
            assert answer.status_code == 500, answer.text
            assert collector.server_span(TRACE).status.code == Status.STATUS_CODE_ERROR
            assert f'trace_id="{TRACE}"' in stopped()


@pytest.mark.parametrize("status", [503, 0, None], ids=["refuses", "never answers", "is away"])
def test_a_collector_that_takes_nothing_holds_up_nobody(tmp_path, status):
    with Collector(status or 0) as collector:
        endpoint = collector.url
        if status is None:
            collector.shutdown()
            collector.server_close()
        with serving(tmp_path, "--otlp-endpoint", endpoint, "--otlp-queue", "10") as (url, stopped):
            number = register(url)
            for turn in range(200):
                assert requests.get(f"{url}/schemas/ids/{number}?subject=s&turn={turn}", timeout=PATIENCE).status_code == 200
            eventually("spans are dropped", lambda: counts(url)["dropped"] > 0)
            if status != 0:
                eventually("spans could not be sent", lambda: counts(url)["failed"] > 0)
            assert counts(url)["sent"] == 0
            collector.released.set()
            log = stopped()
            assert log.count("the collector of traces takes none") == (1 if status != 0 else log.count("takes none")), log
        if status is not None:
            collector.shutdown()


def test_a_collector_that_comes_back_is_used_again(tmp_path):
    with Collector(503) as collector, serving(tmp_path, "--otlp-endpoint", collector.url) as (url, stopped):
        register(url)
        eventually("spans could not be sent", lambda: counts(url)["failed"] > 0)
        collector.status = 200
        register(url, "t", headers=SAMPLED)
        collector.server_span(TRACE)
        assert "takes them again" in stopped()
        collector.shutdown()


def test_a_path_of_the_endpoint_is_asked_as_it_is(tmp_path, collector):
    with serving(tmp_path, "--otlp-endpoint", f"{collector.url}/otlp/traces") as (url, _):
        register(url, headers=SAMPLED)
        collector.server_span(TRACE)
        assert collector.headers[0][0] == "/otlp/traces"


HERE = ["--otlp-endpoint", "http://127.0.0.1:4318"]


@pytest.mark.parametrize("options, complaint", [
    (["--otlp-endpoint", "grpc://127.0.0.1:4317"], "otlp-endpoint: not a URL that begins with http:// or https://"),
    (["--otlp-endpoint", "collector"], "otlp-endpoint: not a URL: relative URL without a base"),
    (["--otlp-endpoint", "http://user:word@collector"], "otlp-endpoint: a login stands in otlp-headers, not in the URL"),
    ([*HERE, "--otlp-headers", "a=b,word"], "otlp-headers: a part is not NAME=VALUE"),
    ([*HERE, "--otlp-headers", "a b=word"], "otlp-headers: 'a b' is no name of a header"),
    ([*HERE, "--otlp-headers", "a=wo\x7frd"], "otlp-headers: the value of 'a' can't be sent"),
    (["--otlp-sampling", "2"], "otlp-sampling: '2' is not a share from 0 to 1"),
])
@pytest.mark.parametrize("command", [[], ["settings", "check"]], ids=["serve", "check"])
def test_settings_that_cannot_be_used_are_refused(command, options, complaint):
    done = subprocess.run([ACCORDANT, *command, *options], capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 2 and complaint in done.stderr and "word" not in done.stderr, done.stderr
