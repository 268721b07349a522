"""Fixtures: a client of the registry under test, and names that no other test uses."""
import os
import uuid

import pytest
from confluent_kafka.schema_registry import SchemaRegistryClient

URL = os.environ["SCHEMA_REGISTRY_URL"]


def fresh_client():
    """A client that remembers nothing."""
    return SchemaRegistryClient({"url": URL})


@pytest.fixture
def client():
    return fresh_client()


@pytest.fixture
def fresh():
    return fresh_client


@pytest.fixture
def topic():
    return f"t{uuid.uuid4().hex[:12]}"
