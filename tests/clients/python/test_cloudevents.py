"""Events that the Python SDK makes, hostile but valid, judged by the registry."""
import base64
import json
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings import http, kafka
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from conftest import URL

FORMAT = JSONFormat()
HOSTILE = [
    "plain",
    "Euro \u20ac \U0001f600",
    '50% "off" \\ %20 %',
    "a\u00a0b \u0301",
    "x" * 8000,
]


def event(subject, data, **attributes):
    return CloudEvent(
        {
            "specversion": "1.0", "id": "a%20b", "source": "/a%20b?c#d", "type": "com.example.t", "subject": subject,
            "time": datetime(2026, 2, 3, 4, 5, 6, 789, tzinfo=timezone(timedelta(hours=-5))), "extension1": subject, **attributes,
        },
        data,
    )


def post(path, headers, body):
    request = urllib.request.Request(URL + path, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def judged(message, path="/cloudevents/validate?mode=strict&schema=ignore"):
    status, report = post(path, message.headers, message.body)
    assert (status, report["errors"], report["warnings"]) == (200, [], []), report
    return report


@pytest.mark.parametrize("subject", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("encode", [http.to_binary, http.to_structured])
def test_http(subject, encode):
    report = judged(encode(event(subject, {"a": [1, None, "\u20ac"]}, datacontenttype="application/json"), FORMAT))
    assert report["event"]["subject"] == subject
    assert report["event"]["extension1"] == subject
    assert report["event"]["id"] == "a%20b"
    assert report["event"]["source"] == "/a%20b?c#d"
    assert report["data"]["kind"] == "json"


@pytest.mark.parametrize("encode", [http.to_binary, http.to_structured])
def test_64_kib_of_bytes(encode):
    report = judged(encode(event("s", bytes(range(256)) * 256, datacontenttype="application/octet-stream"), FORMAT))
    assert report["data"]["bytes"] == 65536


def test_batch():
    events = [json.loads(FORMAT.write(event(subject, {"n": 1}))) for subject in HOSTILE]
    status, report = post("/cloudevents/validate?mode=strict&schema=ignore",
                          {"Content-Type": "application/cloudevents-batch+json"}, json.dumps(events).encode())
    assert (status, report["valid"]) == (200, True)
    assert [one["event"]["subject"] for one in report["events"]] == HOSTILE


@pytest.mark.parametrize("subject", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("encode", [kafka.to_binary, kafka.to_structured])
def test_kafka(subject, encode):
    message = encode(event(subject, {"a": 1}, datacontenttype="application/json"), FORMAT)
    encoded = lambda value: base64.b64encode(value).decode()
    record = {
        "headers": [{"key": key, "value_base64": encoded(value)} for key, value in message.headers.items()],
        "value_base64": encoded(message.value),
    }
    status, report = post("/cloudevents/validate/kafka?mode=strict&schema=ignore", {"Content-Type": "application/json"},
                          json.dumps(record).encode())
    assert (status, report["errors"], report["warnings"]) == (200, [], []), report
    assert report["event"]["subject"] == subject
    assert report["event"]["source"] == "/a%20b?c#d"


def test_data_against_a_schema(client, topic):
    from confluent_kafka.schema_registry import Schema
    client.register_schema(topic, Schema('{"type": "object", "required": ["total"]}', "JSON"))
    path = f"/cloudevents/validate?subject={topic}"
    good = http.to_binary(event("s", {"total": 1}, datacontenttype="application/json"), FORMAT)
    assert judged(good, path)["data"]["checked"]
    bad = http.to_structured(event("s", {}, datacontenttype="application/json"), FORMAT)
    status, report = post(path, bad.headers, bad.body)
    assert (status, [error["keyword"] for error in report["errors"]]) == (422, ["required"])


def test_avro_that_the_official_serializer_wrote(client, topic):
    from confluent_kafka.schema_registry.avro import AvroSerializer
    from confluent_kafka.serialization import MessageField, SerializationContext
    schema = '{"type": "record", "name": "R", "fields": [{"name": "n", "type": ["null", "string"]}]}'
    value = AvroSerializer(client, schema)({"n": "x"}, SerializationContext(topic, MessageField.VALUE))
    message = http.to_binary(event("s", value, datacontenttype="application/avro"), FORMAT)
    report = judged(message, "/cloudevents/validate?schema=required")
    assert (report["data"]["decoded_as"], report["data"]["framing"]["magic"]) == ("avro", 0)
    message = http.to_binary(event("s", value + b"x", datacontenttype="application/avro"), FORMAT)
    status, report = post("/cloudevents/validate?schema=required", message.headers, message.body)
    assert (status, [error["code"] for error in report["errors"]]) == (422, ["data.trailing"])
