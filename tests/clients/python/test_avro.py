"""Avro through the official Python serializers."""
import struct

import pytest
from confluent_kafka.schema_registry import Schema, SchemaReference, record_subject_name_strategy
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

ORDER = '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"}]}'
ORDER_2 = (
    '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"},'
    '{"name":"note","type":["null","string"],"default":null}]}'
)
ORDER_BROKEN = (
    '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"},{"name":"price","type":"double"}]}'
)


def value(topic):
    return SerializationContext(topic, MessageField.VALUE)


def test_bytes_carry_the_id_and_are_read_by_a_fresh_client(client, fresh, topic):
    data = AvroSerializer(client, ORDER)({"id": 7}, value(topic))
    magic, schema_id = struct.unpack(">bI", data[:5])
    assert magic == 0
    assert client.get_latest_version(f"{topic}-value").schema_id == schema_id
    assert AvroDeserializer(fresh())(data, value(topic)) == {"id": 7}


def test_old_bytes_are_read_with_an_evolved_schema(client, fresh, topic):
    old = AvroSerializer(client, ORDER)({"id": 1}, value(topic))
    new = AvroSerializer(client, ORDER_2)({"id": 2, "note": "x"}, value(topic))
    reader = AvroDeserializer(fresh(), ORDER_2)
    assert reader(old, value(topic)) == {"id": 1, "note": None}
    assert reader(new, value(topic)) == {"id": 2, "note": "x"}
    assert client.get_versions(f"{topic}-value") == [1, 2]


def test_an_incompatible_schema_is_refused(client, topic):
    AvroSerializer(client, ORDER)({"id": 1}, value(topic))
    with pytest.raises(SchemaRegistryError) as refused:
        AvroSerializer(client, ORDER_BROKEN)({"id": 1, "price": 2.0}, value(topic))
    assert (refused.value.http_status_code, refused.value.error_code) == (409, 40901)
    assert "READER_FIELD_MISSING_DEFAULT_VALUE" in refused.value.error_message


def test_use_latest_version_registers_nothing(client, fresh, topic):
    AvroSerializer(client, ORDER_2)({"id": 1, "note": None}, value(topic))
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    data = AvroSerializer(fresh(), ORDER, conf=conf)({"id": 5, "note": "y"}, value(topic))
    assert AvroDeserializer(fresh())(data, value(topic)) == {"id": 5, "note": "y"}
    assert client.get_versions(f"{topic}-value") == [1]


def test_subject_name_strategies(client, topic):
    conf = {"subject.name.strategy": record_subject_name_strategy}
    name = f"Order{topic}"
    AvroSerializer(client, ORDER.replace("Order", name), conf=conf)({"id": 1}, value(topic))
    assert f"shop.{name}" in client.get_subjects()


def test_references(client, fresh, topic):
    inner = f'{{"type":"record","name":"Inner{topic}","fields":[{{"name":"x","type":"int"}}]}}'
    outer = f'{{"type":"record","name":"Outer","fields":[{{"name":"inner","type":"Inner{topic}"}}]}}'
    client.register_schema(f"inner-{topic}", Schema(inner, "AVRO"))
    reference = SchemaReference(f"Inner{topic}", f"inner-{topic}", 1)
    serializer = AvroSerializer(client, Schema(outer, "AVRO", [reference]))
    data = serializer({"inner": {"x": 3}}, value(topic))
    assert AvroDeserializer(fresh())(data, value(topic)) == {"inner": {"x": 3}}


def test_many_types(client, fresh, topic):
    schema = """{"type":"record","name":"All","fields":[
        {"name":"b","type":"boolean"},{"name":"by","type":"bytes"},{"name":"d","type":"double"},
        {"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
        {"name":"f","type":{"type":"fixed","name":"F","size":2}},
        {"name":"m","type":{"type":"map","values":"long"}},{"name":"a","type":{"type":"array","items":"string"}},
        {"name":"u","type":["null","long","string"],"default":null},
        {"name":"ts","type":{"type":"long","logicalType":"timestamp-millis"}}]}"""
    import datetime

    moment = datetime.datetime(2024, 1, 2, tzinfo=datetime.timezone.utc)
    record = {"b": True, "by": b"x", "d": 1.5, "e": "B", "f": b"ab", "m": {"k": 1}, "a": ["s"], "u": "t", "ts": moment}
    data = AvroSerializer(client, schema)(record, value(topic))
    assert AvroDeserializer(fresh())(data, value(topic)) == record
