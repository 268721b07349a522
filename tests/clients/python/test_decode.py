"""What official serializers write is decoded, and what is encoded is read by official deserializers."""
from base64 import b64decode, b64encode

import pytest
import requests
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import json_format, struct_pb2, timestamp_pb2, wrappers_pb2

from conftest import URL

ORDER = """{"type":"record","name":"Order","fields":[
    {"name":"id","type":"long"},{"name":"ratio","type":"float"},{"name":"raw","type":"bytes"},
    {"name":"note","type":["null","string"],"default":null},{"name":"tags","type":{"type":"map","values":"int"}},
    {"name":"lines","type":{"type":"array","items":{"type":"record","name":"Line","fields":[{"name":"sku","type":"string"}]}}},
    {"name":"state","type":{"type":"enum","name":"State","symbols":["OPEN","DONE"]}}]}"""
PLACE = '{"title":"Place","type":"object","properties":{"city":{"type":"string"},"zip":{"type":"integer"}}}'


def value(topic):
    return SerializationContext(topic, MessageField.VALUE)


def ask(path, body):
    answer = requests.post(f"{URL}/accordant/v1/{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def decoded(message):
    return ask("decode", {"data": b64encode(message).decode()})


def test_avro(client, topic):
    order = {"id": 2**40, "ratio": 0.5, "raw": b"\x00\xff", "note": "é", "tags": {"a": 1}, "lines": [{"sku": "x"}, {"sku": "y"}], "state": "DONE"}
    message = AvroSerializer(client, ORDER)(order, value(topic))
    data = decoded(message)["data"]
    assert data == {**order, "raw": "\x00\xff"}
    encoded = ask("encode", {"subject": f"{topic}-value", "data": data})
    assert AvroDeserializer(client)(b64decode(encoded["data"]), value(topic)) == order


def test_json(client, topic):
    place = {"city": "Bern", "zip": 3000}
    message = JSONSerializer(PLACE, client)(place, value(topic))
    assert decoded(message)["data"] == place
    encoded = ask("encode", {"subject": f"{topic}-value", "data": place})
    assert JSONDeserializer(PLACE, schema_registry_client=client)(b64decode(encoded["data"]), value(topic)) == place


@pytest.mark.parametrize(
    "message",
    [
        timestamp_pb2.Timestamp(seconds=1_700_000_000, nanos=5_000_000),
        wrappers_pb2.UInt64Value(value=2**63),
        json_format.ParseDict({"a": [1, "x", None, {"b": True}]}, struct_pb2.Struct()),
    ],
    ids=lambda message: message.DESCRIPTOR.name,
)
def test_protobuf(client, topic, message):
    kind = type(message)
    written = ProtobufSerializer(kind, client, {"use.deprecated.format": False})(message, value(topic))
    answer = decoded(written)
    assert answer["message"] == message.DESCRIPTOR.full_name
    assert answer["data"] == json_format.MessageToDict(message)
    name = message.DESCRIPTOR.full_name
    encoded = ask("encode", {"subject": f"{topic}-value", "message": name, "data": answer["data"]})
    read = ProtobufDeserializer(kind, {"use.deprecated.format": False}, client)(b64decode(encoded["data"]), value(topic))
    assert read == message
