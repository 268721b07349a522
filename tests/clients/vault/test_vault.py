"""A real Vault or OpenBao: the registry wraps by its transit engine, and the official client does. `VAULT_ADDR` and `VAULT_TOKEN` say where it is
and with what keys and policies may be made there; `ACCORDANT` is the binary."""
import contextlib
import os
import re
import subprocess
import uuid
from base64 import b64decode

import hvac
import pytest
import requests
from confluent_kafka.schema_registry import Rule, RuleKind, RuleMode, RuleParams, RuleSet, Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.rules.encryption.encrypt_executor import Clock, FieldEncryptionExecutor
from confluent_kafka.schema_registry.rules.encryption.hcvault.hcvault_driver import HcVaultKmsDriver
from confluent_kafka.serialization import MessageField, SerializationContext

ACCORDANT, ADDRESS, TOKEN = (os.environ[name] for name in ("ACCORDANT", "VAULT_ADDR", "VAULT_TOKEN"))
USER = '{"type":"record","name":"User","fields":[{"name":"name","type":"string","confluent:tags":["PII"]},{"name":"id","type":"long"}]}'
ANN = {"name": "Ann", "id": 7}
KEKS = "/dek-registry/v1/keks"
HcVaultKmsDriver.register()


@pytest.fixture(scope="session")
def vault():
    vault = hvac.Client(url=ADDRESS, token=TOKEN)
    if "transit/" not in vault.sys.list_mounted_secrets_engines()["data"]:
        vault.sys.enable_secrets_engine("transit")
    return vault


@pytest.fixture
def key(vault):
    name = f"k-{uuid.uuid4().hex}"
    vault.secrets.transit.create_key(name)
    return name


@pytest.fixture
def limited(vault, key):
    """A token that may wrap and unwrap with the one key, and nothing else."""
    rules = "".join(f'path "transit/{what}/{key}" {{ capabilities = ["update"] }}\n' for what in ("encrypt", "decrypt"))
    vault.sys.create_or_update_policy(key, rules)
    return vault.auth.token.create(policies=[key], ttl="10m")["auth"]["client_token"]


@contextlib.contextmanager
def registry(tmp_path, token):
    file = tmp_path / "token"
    file.write_text(token)
    file.chmod(0o600)
    command = [ACCORDANT, "--listen", "127.0.0.1:0", "--database", f"sqlite://{tmp_path}/vault.db", "--kms-vault-address", ADDRESS]
    process = subprocess.Popen([*command, "--kms-vault-token-file", file], stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stderr if "listening on" in line)
        yield re.search(r"http://[^ ,]+", line)[0], file
    finally:
        process.kill()
        process.wait()


def kek(url, key, shared=True):
    body = {"name": key, "kmsType": "hcvault", "kmsKeyId": f"{ADDRESS}/transit/keys/{key}", "shared": shared}
    assert requests.post(f"{url}{KEKS}", json=body, timeout=10).status_code == 200


def dek(url, key, subject="s", **query):
    answer = requests.post(f"{url}{KEKS}/{key}/deks/{subject}", json={}, params=query, timeout=10)
    return answer.status_code, answer.json()


def wrapped(dek):
    return b64decode(dek["encryptedKeyMaterial"]).decode()


def serdes(url, key, topic, token=None):
    client = SchemaRegistryClient({"url": url})
    params = RuleParams({"encrypt.kek.name": key, "encrypt.kms.type": "hcvault", "encrypt.kms.key.id": f"{ADDRESS}/transit/keys/{key}"})
    rule = Rule("enc", None, RuleKind.TRANSFORM, RuleMode.WRITEREAD, "ENCRYPT", ["PII"], params, None, None, "ERROR,NONE", False)
    client.register_schema(f"{topic}-value", Schema(USER, "AVRO", [], None, RuleSet(None, [rule])))
    rules = RuleRegistry()
    rules.register_executor(FieldEncryptionExecutor(Clock()))
    rule_conf = {"token.id": token} if token else {}
    use = {"auto.register.schemas": False, "use.latest.version": True}
    return (
        AvroSerializer(client, USER, conf=use, rule_conf=rule_conf, rule_registry=rules),
        AvroDeserializer(client, rule_conf=rule_conf, rule_registry=rules),
        SerializationContext(topic, MessageField.VALUE),
    )


@pytest.mark.parametrize("shared", [True, False], ids=["the registry wraps", "the client wraps"])
def test_a_field_is_encrypted(tmp_path, key, limited, shared):
    with registry(tmp_path, limited) as (url, _):
        kek(url, key, shared)
        write, read, place = serdes(url, key, key, None if shared else limited)
        data = write(dict(ANN), place)
        assert b"Ann" not in data
        assert read(data, place) == ANN
        stored = requests.get(f"{url}{KEKS}/{key}/deks/{key}-value", timeout=10).json()
        assert wrapped(stored).startswith("vault:v1:")
        assert ("keyMaterial" in stored) == shared


def test_after_a_rotation_keys_are_wrapped_anew_and_stay_what_they_are(tmp_path, vault, key, limited):
    with registry(tmp_path, limited) as (url, _):
        kek(url, key)
        _, first = dek(url, key)
        vault.secrets.transit.rotate_key(key)
        status, anew = dek(url, key, rewrap="true")
        assert (status, wrapped(anew)[:9]) == (200, "vault:v2:")
        # the version of before is good no longer
        vault.secrets.transit.update_key_configuration(key, min_decryption_version=2)
        found = requests.get(f"{url}{KEKS}/{key}/deks/s", timeout=10).json()
        assert found["keyMaterial"] == first["keyMaterial"]


def test_what_vault_refuses_is_told(tmp_path, vault, key, limited):
    with registry(tmp_path, limited) as (url, token):
        kek(url, key)
        assert requests.post(f"{url}{KEKS}/{key}/test", timeout=10).status_code == 200
        status, first = dek(url, key)
        assert status == 200
        # a key that the token is not for; one that is not there
        for other in [f"other-{key}", f"none-{key}"]:
            if other.startswith("other"):
                vault.secrets.transit.create_key(other)
            kek(url, other)
            status, told = dek(url, other)
            assert (status, told["error_code"]) == (403, 40370), told
            assert "permission denied" in told["message"]
        # a token that is none, and the good one again: the file is read for each call
        token.write_text("hvs.wrong")
        status, told = dek(url, key, "t")
        assert (status, told["error_code"]) == (403, 40370), told
        token.write_text(f"{limited}\n")
        assert dek(url, key, "t")[0] == 200
        # the key is removed
        vault.secrets.transit.update_key_configuration(key, deletion_allowed=True)
        vault.secrets.transit.delete_key(key)
        answer = requests.get(f"{url}{KEKS}/{key}/deks/s", timeout=10)
        assert (answer.status_code, answer.json()["error_code"]) == (500, 50070), answer.text
        assert first["keyMaterial"] not in answer.text


def test_a_token_of_an_approle_is_good_when_an_agent_writes_it(tmp_path, vault, key, limited):
    if "approle/" not in vault.sys.list_auth_methods()["data"]:
        vault.sys.enable_auth_method("approle")
    vault.auth.approle.create_or_update_approle(key, token_policies=[key])
    role = vault.auth.approle.read_role_id(key)["data"]["role_id"]
    secret = vault.auth.approle.generate_secret_id(key)["data"]["secret_id"]
    token = hvac.Client(url=ADDRESS).auth.approle.login(role, secret)["auth"]["client_token"]
    with registry(tmp_path, token) as (url, _):
        kek(url, key)
        assert dek(url, key)[0] == 200
