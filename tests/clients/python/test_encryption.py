"""Field encryption by the official client: keys that it wraps itself, and keys that the registry wraps (`kms-local-secret` is `mysecret`)."""
import pathlib
import subprocess
import sys
from base64 import b64decode, b64encode

import pytest
import requests
from confluent_kafka.schema_registry import Rule, RuleKind, RuleMode, RuleParams, RuleSet, Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.rules.encryption.dek_registry.dek_registry_client import (
    DekRegistryClient,
)
from confluent_kafka.schema_registry.rules.encryption.encrypt_executor import Clock, FieldEncryptionExecutor
from confluent_kafka.schema_registry.rules.encryption.localkms.local_client import LocalKmsClient
from confluent_kafka.schema_registry.rules.encryption.localkms.local_driver import LocalKmsDriver
from confluent_kafka.serialization import MessageField, SerializationContext

from conftest import URL

LocalKmsDriver.register()
USER = '{"type":"record","name":"User","fields":[{"name":"name","type":"string","confluent:tags":["PII"]},{"name":"id","type":"long"}]}'
USE = {"auto.register.schemas": False, "use.latest.version": True}
DAY = 24 * 60 * 60 * 1000


class Someday(Clock):
    """A clock that is as many days ahead."""

    def __init__(self, days):
        self.days = days

    def now(self):
        return super().now() + self.days * DAY


def value(topic):
    return SerializationContext(topic, MessageField.VALUE)


def register(client, topic, **params):
    params = {name.replace("_", "."): text for name, text in params.items()}
    rule = Rule("enc", None, RuleKind.TRANSFORM, RuleMode.WRITEREAD, "ENCRYPT", ["PII"], RuleParams(params), None, None, "ERROR,NONE", False)
    client.register_schema(f"{topic}-value", Schema(USER, "AVRO", [], None, RuleSet(None, [rule])))


def rules(days=0):
    registry = RuleRegistry()
    registry.register_executor(FieldEncryptionExecutor(Someday(days)))
    return registry


def serializer(client, secret, days=0):
    conf = {"secret": secret} if secret else {}
    return AvroSerializer(client, USER, conf=USE, rule_conf=conf, rule_registry=rules(days))


def deserializer(client, secret):
    conf = {"secret": secret} if secret else {}
    return AvroDeserializer(client, rule_conf=conf, rule_registry=rules())


def keys():
    return DekRegistryClient.new_client({"url": URL})


def read(url):
    answer = requests.get(url, timeout=10)
    answer.raise_for_status()
    return answer.json()


@pytest.mark.parametrize("algorithm", ["AES128_GCM", "AES256_GCM", "AES256_SIV"])
def test_a_field_is_encrypted_by_a_key_that_the_client_wraps(client, fresh, topic, algorithm):
    kek = f"kek-{topic}"
    register(client, topic, encrypt_kek_name=kek, encrypt_kms_type="local-kms", encrypt_kms_key_id=topic, encrypt_dek_algorithm=algorithm)
    record = {"name": "Ann", "id": 7}
    data = serializer(client, "own secret")(dict(record), value(topic))
    assert b"Ann" not in data
    # another process reads it, by the key that is there
    assert deserializer(fresh(), "own secret")(data, value(topic)) == record
    again = serializer(fresh(), "own secret")(dict(record), value(topic))
    assert deserializer(fresh(), "own secret")(again, value(topic)) == record
    assert (again == data) == (algorithm == "AES256_SIV")
    assert keys().get_kek(kek).shared is False


def test_a_field_is_encrypted_by_a_key_that_the_registry_wraps(client, fresh, topic):
    kek = f"kek-{topic}"
    keys().register_kek(kek, "local-kms", topic, True)
    register(client, topic, encrypt_kek_name=kek, encrypt_kms_type="local-kms", encrypt_kms_key_id=topic)
    record = {"name": "Ann", "id": 7}
    # the clients know no secret
    data = serializer(client, None)(dict(record), value(topic))
    assert b"Ann" not in data
    assert deserializer(fresh(), None)(data, value(topic)) == record
    # what the registry has wrapped, the client's KMS unwraps by the same secret; and the other way round
    kms = LocalKmsClient("mysecret").get_aead("")
    dek = read(f"{URL}/dek-registry/v1/keks/{kek}/deks/{topic}-value")
    assert kms.decrypt(b64decode(dek["encryptedKeyMaterial"]), b"") == b64decode(dek["keyMaterial"])
    wrapped = b64encode(kms.encrypt(b64decode(dek["keyMaterial"]), b"")).decode()
    body = {"version": 2, "encryptedKeyMaterial": wrapped}
    answer = requests.post(f"{URL}/dek-registry/v1/keks/{kek}/deks/{topic}-value", json=body, timeout=10)
    assert answer.json()["keyMaterial"] == dek["keyMaterial"]


@pytest.mark.parametrize("shared", [False, True])
def test_keys_that_expire_get_new_versions(client, fresh, topic, shared):
    kek = f"kek-{topic}"
    keys().register_kek(kek, "local-kms", topic, shared)
    params = {"encrypt_kek_name": kek, "encrypt_kms_type": "local-kms", "encrypt_kms_key_id": topic, "encrypt_dek_expiry_days": "1"}
    register(client, topic, **params)
    secret = None if shared else "own secret"
    record = {"name": "Ann", "id": 7}
    first = serializer(client, secret)(dict(record), value(topic))
    second = serializer(fresh(), secret, days=2)(dict(record), value(topic))
    assert keys().get_dek(kek, f"{topic}-value", version=-1).version == 2
    for data in (first, second):
        assert deserializer(fresh(), secret)(data, value(topic)) == record


READER = """
import sys
from test_encryption import SchemaRegistryClient, URL, deserializer, value
record = deserializer(SchemaRegistryClient({"url": URL}), sys.argv[1])(bytes.fromhex(sys.argv[3]), value(sys.argv[2]))
print(record["id"], record["name"])
"""


def test_who_has_another_secret_reads_no_more_than_was_written(client, topic):
    register(client, topic, encrypt_kek_name=f"kek-{topic}", encrypt_kms_type="local-kms", encrypt_kms_key_id=topic)
    data = serializer(client, "own secret")({"name": "Ann", "id": 7}, value(topic))

    # a process of its own: the client keeps the KMS of a key for all who ask in one
    def seen(secret):
        command = [sys.executable, "-c", READER, secret, topic, data.hex()]
        return subprocess.run(command, cwd=pathlib.Path(__file__).parent, capture_output=True, text=True, check=True).stdout.split()

    assert seen("own secret") == ["7", "Ann"]
    # the rule's action for readers is NONE: they get the field as it was written
    number, name = seen("another secret")
    assert number == "7" and len(b64decode(name)) > 20


@pytest.mark.parametrize("shared", [False, True])
def test_keys_that_were_deleted_come_back(client, fresh, topic, shared):
    kek = f"kek-{topic}"
    keys().register_kek(kek, "local-kms", topic, shared)
    register(client, topic, encrypt_kek_name=kek, encrypt_kms_type="local-kms", encrypt_kms_key_id=topic)
    secret = None if shared else "own secret"
    record = {"name": "Ann", "id": 7}
    data = serializer(client, secret)(dict(record), value(topic))
    place = f"{URL}/dek-registry/v1/keks/{kek}"
    dek = f"{place}/deks/{topic}-value"
    before = read(dek)["encryptedKeyMaterial"]
    for url in (dek, place):
        assert requests.delete(url, timeout=10).status_code == 204
        assert requests.get(url, timeout=10).status_code == 404
    # readers get the field as it was written
    assert deserializer(fresh(), secret)(data, value(topic))["name"] != "Ann"
    for url in (place, dek):
        assert requests.post(f"{url}/undelete", timeout=10).status_code == 204
    assert read(dek)["encryptedKeyMaterial"] == before
    again = serializer(fresh(), secret)(dict(record), value(topic))
    for written in (data, again):
        assert deserializer(fresh(), secret)(written, value(topic)) == record


def test_registration_names_the_kek(client, topic):
    register(client, topic, encrypt_kms_key_id="arn:aws:kms:us-west-2:1:key/x")
    params = client.get_latest_version(f"{topic}-value").schema.rule_set.domain_rules[0].params.params
    assert params["encrypt.kek.name"] == "aws-kms-us-west-2-1-key-x" and params["encrypt.kms.type"] == "aws-kms"
