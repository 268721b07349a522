"""The whole of SchemaRegistryClient."""
import pytest
from confluent_kafka.schema_registry import (
    ConfigCompatibilityLevel,
    Metadata,
    MetadataProperties,
    Schema,
    SchemaReference,
    SchemaRegistryClient,
    ServerConfig,
)
from confluent_kafka.schema_registry.error import SchemaRegistryError

from conftest import URL

V1 = Schema('{"type":"record","name":"R","fields":[{"name":"a","type":"long"}]}', "AVRO")
V2 = Schema('{"type":"record","name":"R","fields":[{"name":"a","type":"long"},{"name":"b","type":"long","default":0}]}', "AVRO")
BAD = Schema('{"type":"record","name":"R","fields":[{"name":"c","type":"long"}]}', "AVRO")


def code(raised):
    return raised.value.http_status_code, raised.value.error_code


def test_register_find_and_look_up(client, fresh, topic):
    schema_id = client.register_schema(topic, V1)
    assert fresh().register_schema(topic, V1) == schema_id
    full = fresh().register_schema_full_response(topic, V1)
    assert (full.schema_id, full.version) == (schema_id, 1) and full.guid
    assert fresh().get_schema(schema_id).schema_str == V1.schema_str
    assert fresh().get_schema_by_guid(full.guid).schema_str == V1.schema_str
    found = fresh().lookup_schema(topic, V1)
    assert (found.subject, found.version, found.schema_id) == (topic, 1, schema_id)
    with pytest.raises(SchemaRegistryError) as raised:
        fresh().lookup_schema(topic, BAD)
    assert code(raised) == (404, 40403)
    assert topic in client.get_subjects()
    assert topic in client.get_subjects_by_schema_id(schema_id)
    assert any(v.subject == topic and v.version == 1 for v in client.get_schema_versions(schema_id))
    assert sorted(client.get_schema_types()) == ["AVRO", "JSON", "PROTOBUF"]
    assert "." in client.get_contexts()


def test_versions_and_deletion(client, topic):
    client.register_schema(topic, V1)
    client.register_schema(topic, V2)
    assert client.get_versions(topic) == [1, 2]
    assert client.get_version(topic, 1).schema.schema_str == V1.schema_str
    assert client.get_latest_version(topic).version == 2
    assert client.get_referenced_by(topic, 1) == []
    assert client.delete_version(topic, 1) == 1
    assert client.get_versions(topic) == [2]
    assert client.delete_subject(topic) == [2]
    with pytest.raises(SchemaRegistryError) as raised:
        client.get_versions(topic)
    assert code(raised) == (404, 40401)


def test_permanent_deletion(client, topic):
    client.register_schema(topic, V1)
    client.delete_subject(topic)
    assert client.delete_subject(topic, permanent=True) == [1]
    assert topic not in client.get_subjects(deleted=True)


def test_compatibility(client, topic):
    client.register_schema(topic, V1)
    assert client.test_compatibility(topic, V2) is True
    assert client.test_compatibility(topic, BAD) is False
    assert client.test_compatibility_all_versions(topic, V2) is True


def test_config(client, topic):
    with pytest.raises(SchemaRegistryError) as raised:
        client.get_compatibility(topic)
    assert code(raised) == (404, 40408)
    client.set_compatibility(topic, "FULL")
    assert client.get_compatibility(topic) == "FULL"
    client.set_config(topic, ServerConfig(compatibility=ConfigCompatibilityLevel.NONE, compatibility_group="major"))
    config = client.get_config(topic)
    assert (config.compatibility_level, config.compatibility_group) == (ConfigCompatibilityLevel.NONE, "major")
    client.delete_config(topic)
    with pytest.raises(SchemaRegistryError):
        client.get_compatibility(topic)
    assert client.get_compatibility() == "BACKWARD"


def test_mode(client, topic):
    assert client.get_global_mode() == "READWRITE"
    client.update_mode(topic, "READONLY")
    assert client.get_mode(topic) == "READONLY"
    with pytest.raises(SchemaRegistryError) as raised:
        client.register_schema(topic, V1)
    assert code(raised) == (422, 42205)
    client.delete_mode(topic)
    client.register_schema(topic, V1)


def test_metadata(client, topic):
    metadata = Metadata(tags=None, properties=MetadataProperties({"owner": topic}), sensitive=None)
    client.register_schema(topic, Schema(V1.schema_str, "AVRO", metadata=metadata))
    found = client.get_latest_with_metadata(topic, {"owner": topic})
    assert found.version == 1 and found.schema.metadata.properties.properties == {"owner": topic}


def test_deleted_ones_are_listed_when_asked_for(client, fresh, topic):
    schema_id = client.register_schema(topic, V1)
    client.register_schema(topic, V2)
    client.delete_version(topic, 1)
    assert client.get_versions(topic, deleted=True) == [1, 2]
    assert client.get_version(topic, 1, deleted=True).schema.schema_str == V1.schema_str
    assert client.get_subjects_by_schema_id(schema_id, deleted=True).count(topic) == 1
    assert any(v.subject == topic for v in client.get_schema_versions(schema_id, deleted=True))
    assert client.delete_version(topic, 1, permanent=True) == 1
    client.delete_subject(topic)
    assert topic in client.get_subjects(deleted=True) and topic not in client.get_subjects()
    assert fresh().lookup_schema(topic, V2, deleted=True).version == 2


def test_normalization_and_paging(client, fresh, topic):
    loose = Schema(V1.schema_str.replace('"long"', '{"type":"long"}'), "AVRO")
    assert client.register_schema(topic, loose, normalize_schemas=True) == fresh().register_schema(topic, V1)
    assert fresh().lookup_schema(topic, loose, normalize_schemas=True).version == 1
    client.register_schema(topic, V2)
    assert client.get_versions(topic, offset=1, limit=1) == [2]
    assert client.get_subjects(subject_prefix=topic) == [topic]


def test_formats(client, fresh, topic):
    client.register_schema(topic, V1)
    latest = fresh().get_latest_version(topic, fmt="resolved")
    assert latest.schema.schema_str == V1.schema_str
    assert fresh().get_schema(latest.schema_id, topic, fmt="resolved").schema_str == V1.schema_str
    assert fresh().get_schema_by_guid(latest.guid, fmt="resolved").schema_str == V1.schema_str
    assert fresh().get_version(topic, 1, fmt="resolved").version == 1


def test_referrers(client, topic):
    client.register_schema(f"{topic}-inner", Schema(f'{{"type":"record","name":"I{topic}","fields":[]}}', "AVRO"))
    outer = f'{{"type":"record","name":"O","fields":[{{"name":"i","type":"I{topic}"}}]}}'
    schema_id = client.register_schema(topic, Schema(outer, "AVRO", [SchemaReference(f"I{topic}", f"{topic}-inner", 1)]))
    assert client.get_referenced_by(f"{topic}-inner", 1) == [schema_id]
    with pytest.raises(SchemaRegistryError) as raised:
        client.delete_subject(f"{topic}-inner")
    assert code(raised) == (422, 42206)


def test_what_is_global(client):
    try:
        client.set_compatibility(level="FULL")
        assert client.get_compatibility() == "FULL"
        client.set_config(config=ServerConfig(compatibility=ConfigCompatibilityLevel.FORWARD))
        assert client.get_config().compatibility_level == ConfigCompatibilityLevel.FORWARD
        client.update_global_mode("READONLY")
        assert client.get_global_mode() == "READONLY"
    finally:
        client.update_global_mode("READWRITE")
        client.delete_config()
    assert client.get_compatibility() == "BACKWARD"


def test_contexts(client, fresh, topic):
    subject = f":.{topic}:s"
    schema_id = client.register_schema(subject, V1)
    assert f".{topic}" in client.get_contexts()
    assert fresh().get_schema(schema_id, subject).schema_str == V1.schema_str
    in_context = SchemaRegistryClient({"url": f"{URL}/contexts/{topic}"})
    assert in_context.get_versions("s") == [1]
    assert in_context.get_subjects() == [subject]
