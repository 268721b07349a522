"""Associations, and the serializers that find their subject by them: AssociatedNameStrategy is the default."""
import pytest
from confluent_kafka.schema_registry import AssociationCreateOrUpdateInfo, AssociationCreateOrUpdateRequest, Schema
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext, SerializationError

ORDER = '{"type":"record","name":"Order","namespace":"shop","fields":[{"name":"id","type":"long"}]}'
CLUSTER = "lkc-py"


def value(topic):
    return SerializationContext(topic, MessageField.VALUE)


def request(topic, *associations):
    return AssociationCreateOrUpdateRequest(
        resource_name=topic, resource_namespace=CLUSTER, resource_id=f"id-{topic}", resource_type="topic", associations=list(associations)
    )


def weak(subject):
    return AssociationCreateOrUpdateInfo(subject=subject, association_type="value", lifecycle="WEAK")


def test_without_one_the_topic_names_the_subject(client, topic):
    assert client.get_associations_by_resource_name(topic, "-") == []
    AvroSerializer(client, ORDER)({"id": 1}, value(topic))
    assert client.get_versions(f"{topic}-value") == [1]


def test_a_weak_one_names_a_shared_subject(client, fresh, topic):
    shared = f"shared-{topic}"
    schema_id = client.register_schema(shared, Schema(ORDER, "AVRO"))
    created = client.create_association(request(topic, weak(shared)))
    assert [(a.subject, a.association_type, a.lifecycle) for a in created.associations] == [(shared, "value", "WEAK")]
    found = client.get_associations_by_resource_name(topic, CLUSTER, "topic", ["value"])
    assert [a.subject for a in found] == [shared]
    data = AvroSerializer(fresh(), ORDER)({"id": 7}, value(topic))
    assert int.from_bytes(data[1:5], "big") == schema_id
    with pytest.raises(SchemaRegistryError):
        client.get_versions(f"{topic}-value")
    assert AvroDeserializer(fresh())(data, value(topic)) == {"id": 7}


def test_a_strong_one_brings_its_schema(client, fresh, topic):
    info = AssociationCreateOrUpdateInfo(association_type="value", lifecycle="STRONG", schema=Schema(ORDER, "AVRO"))
    created = client.create_association(request(topic, info))
    subject = f":.{CLUSTER}:{topic}-value"
    assert [a.subject for a in created.associations] == [subject]
    conf = {"subject.name.strategy.conf": {"subject.name.strategy.kafka.cluster.id": CLUSTER}, "auto.register.schemas": False}
    data = AvroSerializer(fresh(), ORDER, conf=conf)({"id": 7}, value(topic))
    reader = AvroDeserializer(fresh(), conf={"subject.name.strategy.conf": conf["subject.name.strategy.conf"]})
    assert reader(data, value(topic)) == {"id": 7}
    with pytest.raises(SchemaRegistryError) as raised:
        client.delete_associations(f"id-{topic}", "topic", ["value"])
    assert (raised.value.http_status_code, raised.value.error_code) == (409, 40908)
    client.delete_associations(f"id-{topic}", "topic", ["value"], cascade_lifecycle=True)
    assert subject not in client.get_subjects(deleted=True)


def test_another_cluster_is_another_topic(client, topic):
    shared = f"shared-{topic}"
    client.register_schema(shared, Schema(ORDER, "AVRO"))
    client.create_association(request(topic, weak(shared)))
    conf = {"subject.name.strategy.conf": {
        "subject.name.strategy.kafka.cluster.id": "lkc-other", "subject.name.strategy.fallback.type": "NONE"}}
    with pytest.raises(SerializationError):
        AvroSerializer(client, ORDER, conf=conf)({"id": 1}, value(topic))
