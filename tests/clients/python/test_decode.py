"""What official serializers write is decoded, and what is encoded is read by official deserializers."""
from base64 import b64decode, b64encode

import requests
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import (
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
)

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


def messages(topic):
    """Classes of a message with a bit of everything, and of one inside it."""
    pool = descriptor_pool.DescriptorPool()
    for file in (timestamp_pb2, wrappers_pb2, struct_pb2):
        pool.AddSerializedFile(file.DESCRIPTOR.serialized_pb)
    kind = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(
        name=f"{topic}.proto",
        package=f"p{topic}",
        syntax="proto3",
        dependency=[f"google/protobuf/{name}.proto" for name in ("timestamp", "wrappers", "struct")],
    )
    message = file.message_type.add(name="All")

    def field(name, number, type_, type_name=None, label=kind.LABEL_OPTIONAL):
        message.field.add(name=name, number=number, type=type_, type_name=type_name, label=label)

    field("big_id", 1, kind.TYPE_INT64)
    field("at", 2, kind.TYPE_MESSAGE, ".google.protobuf.Timestamp")
    field("many", 3, kind.TYPE_UINT64, label=kind.LABEL_REPEATED)
    field("raw", 4, kind.TYPE_BYTES)
    field("maybe", 5, kind.TYPE_MESSAGE, ".google.protobuf.BoolValue")
    field("free", 6, kind.TYPE_MESSAGE, ".google.protobuf.Struct")
    field("by_name", 7, kind.TYPE_MESSAGE, f".p{topic}.All.ByNameEntry", kind.LABEL_REPEATED)
    entry = message.nested_type.add(name="ByNameEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=kind.TYPE_STRING, label=kind.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=kind.TYPE_SINT32, label=kind.LABEL_OPTIONAL)
    inner = message.nested_type.add(name="Inner")
    inner.field.add(name="ratio", number=1, type=kind.TYPE_FLOAT, label=kind.LABEL_OPTIONAL)
    pool.Add(file)
    of = lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"p{topic}.{name}"))
    return of("All"), of("All.Inner")


def test_protobuf(client, fresh, topic):
    everything, inner = messages(topic)
    message = json_format.ParseDict(
        {
            "bigId": str(-(2**60)),
            "at": "2026-01-31T08:30:00.250Z",
            "many": ["1", str(2**63)],
            "raw": "AP8=",
            "maybe": False,
            "free": {"a": [1, "x", None, {"b": True}]},
            "byName": {"a": -1, "b": 0},
        },
        everything(),
    )
    for kind, written in ((everything, message), (inner, inner(ratio=0.1))):
        data = ProtobufSerializer(kind, client, {"use.deprecated.format": False})(written, value(topic))
        answer = decoded(data)
        assert answer["message"] == kind.DESCRIPTOR.full_name
        assert answer["data"] == json_format.MessageToDict(written)
        asked = {"subject": f"{topic}-value", "message": answer["message"], "data": answer["data"]}
        encoded = b64decode(ask("encode", asked)["data"])
        deserializer = ProtobufDeserializer(kind, {"use.deprecated.format": False}, fresh())
        assert deserializer(encoded, value(topic)) == written
