"""Data contracts as far as the client runs them, every subject name strategy, and ids that travel in headers."""
import pytest
from confluent_kafka.schema_registry import (
    Metadata,
    MetadataProperties,
    Rule,
    RuleKind,
    RuleMode,
    RuleParams,
    RuleSet,
    Schema,
    dual_schema_id_deserializer,
    header_schema_id_serializer,
    record_subject_name_strategy,
    topic_record_subject_name_strategy,
    topic_subject_name_strategy,
)
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.rules.cel.cel_executor import CelExecutor
from confluent_kafka.schema_registry.rules.cel.cel_field_executor import CelFieldExecutor
from confluent_kafka.schema_registry.rules.jsonata.jsonata_executor import JsonataExecutor
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError

RULES = RuleRegistry()
for executor in (CelExecutor(), CelFieldExecutor(), JsonataExecutor()):
    RULES.register_executor(executor)


def value(topic, headers=None):
    return SerializationContext(topic, MessageField.VALUE, headers)


def rule(name, kind, mode, rule_type, expr, tags=None):
    return Rule(name, None, kind, mode, rule_type, tags, RuleParams({}), expr, None, None, False)


def user(field):
    return f'{{"type":"record","name":"User","fields":[{{"name":"{field}","type":"string","confluent:tags":["PII"]}}]}}'


@pytest.mark.parametrize(
    ("strategy", "subject"),
    [
        (topic_subject_name_strategy, "{topic}-value"),
        (record_subject_name_strategy, "shop.{record}"),
        (topic_record_subject_name_strategy, "{topic}-shop.{record}"),
    ],
)
def test_strategies(client, fresh, topic, strategy, subject):
    record = f"R{topic}"
    schema = f'{{"type":"record","name":"{record}","namespace":"shop","fields":[{{"name":"id","type":"long"}}]}}'
    conf = {"subject.name.strategy": strategy}
    data = AvroSerializer(client, schema, conf=conf)({"id": 1}, value(topic))
    assert client.get_versions(subject.format(topic=topic, record=record)) == [1]
    assert AvroDeserializer(fresh(), conf=conf)(data, value(topic)) == {"id": 1}


def test_the_guid_travels_in_a_header(client, fresh, topic):
    # the reader takes nothing shorter than a prefix would be
    schema = '{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}'
    headers = []
    conf = {"schema.id.serializer": header_schema_id_serializer}
    data = AvroSerializer(client, schema, conf=conf)({"id": "seven"}, value(topic, headers))
    assert data == b"\x0aseven" and len(headers) == 1 and headers[0][0] == "__value_schema_id"
    reader = AvroDeserializer(fresh(), conf={"schema.id.deserializer": dual_schema_id_deserializer})
    assert reader(data, value(topic, headers)) == {"id": "seven"}


def test_a_condition_refuses_a_record(client, topic):
    rules = RuleSet(None, [rule("short", RuleKind.CONDITION, RuleMode.WRITE, "CEL", "size(message.name) < 5")])
    client.register_schema(f"{topic}-value", Schema(user("name"), "AVRO", [], None, rules))
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    serializer = AvroSerializer(client, user("name"), conf=conf, rule_registry=RULES)
    serializer({"name": "Ann"}, value(topic))
    with pytest.raises(SerializationError):
        serializer({"name": "Bartholomew"}, value(topic))


def test_a_transformation_changes_tagged_fields(client, fresh, topic):
    rules = RuleSet(None, [rule("mask", RuleKind.TRANSFORM, RuleMode.WRITE, "CEL_FIELD", "typeName == 'STRING' ; value + '-x'", ["PII"])])
    client.register_schema(f"{topic}-value", Schema(user("name"), "AVRO", [], None, rules))
    conf = {"auto.register.schemas": False, "use.latest.version": True}
    data = AvroSerializer(client, user("name"), conf=conf, rule_registry=RULES)({"name": "Ann"}, value(topic))
    assert AvroDeserializer(fresh(), rule_registry=RULES)(data, value(topic)) == {"name": "Ann-x"}


def test_migrations_between_versions_found_by_metadata(client, fresh, topic):
    subject = f"{topic}-value"
    major = lambda n: Metadata(None, MetadataProperties({"major": n}), None)
    client.set_config(subject, _grouped())
    client.register_schema(subject, Schema(user("name"), "AVRO", [], major("1")))
    upgrade = rule("up", RuleKind.TRANSFORM, RuleMode.UPGRADE, "JSONATA", "$merge([$sift($, function($v, $k) {$k != 'name'}), {'title': $.'name'}])")
    client.register_schema(subject, Schema(user("title"), "AVRO", [], major("2"), RuleSet([upgrade], None)))
    old = {"auto.register.schemas": False, "use.latest.version": False, "use.latest.with.metadata": {"major": "1"}}
    data = AvroSerializer(fresh(), user("name"), conf=old, rule_registry=RULES)({"name": "Ann"}, value(topic))
    reader = AvroDeserializer(fresh(), conf={"use.latest.with.metadata": {"major": "2"}}, rule_registry=RULES)
    assert reader(data, value(topic)) == {"title": "Ann"}


def _grouped():
    from confluent_kafka.schema_registry import ServerConfig

    return ServerConfig(compatibility_group="major")
