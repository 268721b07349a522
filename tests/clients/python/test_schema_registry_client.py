"""The community client python-schema-registry-client."""
import pytest
from schema_registry.client import SchemaRegistryClient, schema
from schema_registry.client.errors import ClientError
from schema_registry.serializers import AvroMessageSerializer, JsonMessageSerializer

from conftest import URL

ORDER = {"type": "record", "name": "Order", "namespace": "shop", "fields": [{"name": "id", "type": "long"}]}
WIDER = {**ORDER, "fields": [*ORDER["fields"], {"name": "note", "type": "string", "default": ""}]}
BROKEN = {**ORDER, "fields": [*ORDER["fields"], {"name": "price", "type": "double"}]}


def fresh():
    return SchemaRegistryClient(url=URL)


def test_all_its_calls(topic):
    client = fresh()
    schema_id = client.register(topic, schema.AvroSchema(ORDER))
    assert fresh().register(topic, schema.AvroSchema(ORDER)) == schema_id
    assert topic in client.get_subjects()
    assert fresh().get_by_id(schema_id).raw_schema["name"] == "Order"
    assert any(v.subject == topic for v in client.get_schema_subject_versions(schema_id))
    assert fresh().get_schema(topic).version == 1 and fresh().get_schema(topic, "1").schema_id == schema_id
    assert fresh().check_version(topic, schema.AvroSchema(ORDER)).version == 1
    assert fresh().check_version(topic, schema.AvroSchema(BROKEN)) is None
    assert client.test_compatibility(topic, schema.AvroSchema(WIDER)) is True
    assert client.test_compatibility(topic, schema.AvroSchema(BROKEN)) is False
    verbose = client.test_compatibility(topic, schema.AvroSchema(BROKEN), verbose=True)
    assert verbose["is_compatible"] is False and verbose["messages"]
    with pytest.raises(ClientError) as refused:
        client.register(topic, schema.AvroSchema(BROKEN))
    assert refused.value.http_code == 409
    client.register(topic, schema.AvroSchema(WIDER))
    assert client.get_versions(topic) == [1, 2]
    assert client.update_compatibility("FULL", topic) is True
    assert client.get_compatibility(topic) == "FULL"
    assert client.get_compatibility() == "BACKWARD"
    assert client.delete_version(topic, "1") == 1
    assert client.delete_subject(topic) == [2]


def test_messages(topic):
    data = AvroMessageSerializer(fresh()).encode_record_with_schema(topic, schema.AvroSchema(ORDER), {"id": 4})
    assert AvroMessageSerializer(fresh()).decode_message(data) == {"id": 4}
    json_schema = schema.JsonSchema({"type": "object", "properties": {"id": {"type": "integer"}}})
    data = JsonMessageSerializer(fresh()).encode_record_with_schema(f"{topic}-json", json_schema, {"id": 5})
    assert JsonMessageSerializer(fresh()).decode_message(data) == {"id": 5}
