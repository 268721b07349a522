"""The official Python client logs in, and is refused. The environment says where: see `run`."""
import os
import uuid

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError
from schema_registry.client import SchemaRegistryClient as CommunityClient
from schema_registry.client.errors import ClientError
from schema_registry.client.schema import AvroSchema

URL = os.environ["REGISTRY_URL"]
TOKEN = os.environ["REGISTRY_TOKEN"]
ORDER = AvroSchema({"type": "record", "name": "Order", "fields": []})
SCHEMA = Schema('"string"', "AVRO")

STATIC = {"bearer.auth.credentials.source": "STATIC_TOKEN", "bearer.auth.logical.cluster": "lsrc-1", "bearer.auth.identity.pool.id": "pool-1"}


def oauth(client):
    return {
        "bearer.auth.credentials.source": "OAUTHBEARER",
        "bearer.auth.issuer.endpoint.url": os.environ["ISSUER_TOKEN_URL"],
        "bearer.auth.client.id": client,
        "bearer.auth.client.secret": f"secret-of-{client}",
        "bearer.auth.scope": "registry",
        "bearer.auth.logical.cluster": "lsrc-1",
        "bearer.auth.identity.pool.id": "pool-1",
    }


def of_user(password):
    return URL.replace("https://", f"https://alice:{password}@")


WAYS = {
    "basic in the configuration": {"basic.auth.user.info": "alice:alice-password"},
    "basic in the URL": {"url": of_user("alice-password")},
    "a static token": {**STATIC, "bearer.auth.token": TOKEN},
    "client credentials": oauth("svc-ci"),
    "a certificate": {"ssl.certificate.location": os.environ["CERT_FILE"], "ssl.key.location": os.environ["KEY_FILE"]},
}


def client(more):
    return SchemaRegistryClient({"url": URL, "ssl.ca.location": os.environ["CA_FILE"], "max.retries": 0, **more})


@pytest.mark.parametrize("way", WAYS)
def test_who_logs_in_may_do_what_it_was_given_and_is_told_what_not(way):
    subject = f"orders-{uuid.uuid4()}"
    registered = client(WAYS[way]).register_schema(subject, SCHEMA)
    assert client(WAYS[way]).get_schema(registered).schema_str == SCHEMA.schema_str
    with pytest.raises(SchemaRegistryError) as refused:
        client(WAYS[way]).register_schema("pay-value", SCHEMA)
    assert (refused.value.http_status_code, refused.value.error_code) == (403, 40301)
    assert refused.value.error_message == "User is denied operation Write on Subject: pay-value"


@pytest.mark.parametrize("more", [
    {},
    {"basic.auth.user.info": "alice:wrong"},
    {"basic.auth.user.info": "nobody:alice-password"},
    {"url": of_user("wrong")},
    {**STATIC, "bearer.auth.token": "accordant_wrong"},
    # not a JWT of this issuer
    {**STATIC, "bearer.auth.token": "e30.e30.e30"},
], ids=["none", "password", "user", "URL", "token", "JWT"])
def test_a_wrong_login_is_said_to_be_one(more):
    with pytest.raises(SchemaRegistryError) as refused:
        client(more).get_subjects()
    assert (refused.value.http_status_code, refused.value.error_code) == (401, 401)
    assert refused.value.error_message == "Unauthorized"


def test_a_service_of_the_issuer_has_the_rights_of_its_name_alone():
    with pytest.raises(SchemaRegistryError) as refused:
        client(oauth("svc-nobody")).register_schema("orders-x", SCHEMA)
    assert (refused.value.http_status_code, refused.value.error_code) == (403, 40301)


def test_a_certificate_that_nobody_here_has_signed_ends_the_connection():
    other = {"ssl.certificate.location": os.environ["OTHER_CERT_FILE"], "ssl.key.location": os.environ["OTHER_KEY_FILE"]}
    # mostly "tlsv1 alert unknown ca"; where the request was on its way already, the end of the connection can be faster than the alert
    with pytest.raises(Exception, match=r"(?i)unknown.ca|reset|closed|disconnected|eof|broken pipe"):
        client(other).get_subjects()


def test_the_community_client_logs_in(monkeypatch):
    # its setting for this counts for those alone who show a certificate
    monkeypatch.setenv("SSL_CERT_FILE", os.environ["CA_FILE"])
    conf = {"url": URL, "basic.auth.credentials.source": "USER_INFO"}
    subject = f"orders-{uuid.uuid4()}"
    good = CommunityClient({**conf, "basic.auth.user.info": "alice:alice-password"})
    assert good.register(subject, ORDER) > 0
    with pytest.raises(ClientError) as refused:
        CommunityClient({**conf, "basic.auth.user.info": "alice:wrong"}).register(subject, ORDER)
    assert refused.value.http_code == 401
