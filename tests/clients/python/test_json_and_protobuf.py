"""JSON Schema and Protobuf through the official Python serializers."""
import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2


def value(topic):
    return SerializationContext(topic, MessageField.VALUE)


def test_json_round_trip_and_validation(client, fresh, topic):
    schema = """{"$schema":"http://json-schema.org/draft-07/schema#","title":"Order","type":"object",
        "properties":{"id":{"type":"integer"}},"required":["id"]}"""
    serializer = JSONSerializer(schema, client)
    data = serializer({"id": 1}, value(topic))
    assert JSONDeserializer(None, schema_registry_client=fresh())(data, value(topic)) == {"id": 1}
    with pytest.raises(SerializationError):
        serializer({"id": "one"}, value(topic))


def test_json_references(client, fresh, topic):
    client.register_schema(f"{topic}-item", Schema('{"type":"object","properties":{"sku":{"type":"string"}}}', "JSON"))
    outer = '{"type":"object","title":"Order","properties":{"item":{"$ref":"item.json"}}}'
    schema = Schema(outer, "JSON", [SchemaReference("item.json", f"{topic}-item", 1)])
    data = JSONSerializer(schema, client)({"item": {"sku": "a"}}, value(topic))
    assert JSONDeserializer(None, schema_registry_client=fresh())(data, value(topic)) == {"item": {"sku": "a"}}


def messages(topic):
    """Classes of an order with a nested line, an imported file and a well-known type."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    kind = descriptor_pb2.FieldDescriptorProto

    def field(message, name, number, type_, type_name=None, label=kind.LABEL_OPTIONAL):
        message.field.add(name=name, number=number, type=type_, type_name=type_name, label=label)

    item = descriptor_pb2.FileDescriptorProto(name=f"{topic}/item.proto", package=f"p{topic}", syntax="proto3")
    field(item.message_type.add(name="Item"), "sku", 1, kind.TYPE_STRING)
    order = descriptor_pb2.FileDescriptorProto(
        name=f"{topic}/order.proto",
        package=f"p{topic}",
        syntax="proto3",
        dependency=[item.name, "google/protobuf/timestamp.proto"],
    )
    order.message_type.add(name="First")
    message = order.message_type.add(name="Order")
    field(message, "id", 1, kind.TYPE_INT64)
    field(message, "item", 2, kind.TYPE_MESSAGE, f".p{topic}.Item")
    field(message, "at", 3, kind.TYPE_MESSAGE, ".google.protobuf.Timestamp")
    field(message, "lines", 4, kind.TYPE_MESSAGE, f".p{topic}.Order.Line", kind.LABEL_REPEATED)
    field(message.nested_type.add(name="Line"), "n", 1, kind.TYPE_INT32)
    for file in (item, order):
        pool.Add(file)
    of = lambda name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"p{topic}.{name}"))
    return of("Order"), of("Order.Line"), of("Item")


def test_protobuf_round_trip_with_references_and_indexes(client, fresh, topic):
    order, line, item = messages(topic)
    conf = {"use.deprecated.format": False}
    sent = order(id=5, item=item(sku="a"), lines=[line(n=1), line(n=2)])
    sent.at.FromSeconds(1700000000)
    data = ProtobufSerializer(order, client, conf)(sent, value(topic))
    assert ProtobufDeserializer(order, conf, fresh())(data, value(topic)) == sent
    latest = client.get_latest_version(f"{topic}-value")
    assert {r.name for r in latest.schema.references} == {f"{topic}/item.proto"}
    assert "message Order" in latest.schema.schema_str
    # a nested message: its index is written before the bytes
    other = f"{topic}-line"
    data = ProtobufSerializer(line, client, conf)(line(n=3), value(other))
    assert ProtobufDeserializer(line, conf, fresh())(data, value(other)) == line(n=3)
