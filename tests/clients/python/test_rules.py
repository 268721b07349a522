"""Rules of tests/vectors/rules/cel.json: the client and the registry come to the same verdict on each (rule, record) pair.

The client deserializes what the registry has encoded, so its rules see values as readers do. Run as a script, this writes the client's
verdicts into the table, which the registry's own tests are held to.
"""
import base64
import json
import os
import pathlib
import sys
import tempfile

import httpx
import pytest
from confluent_kafka.schema_registry import Rule, RuleKind, RuleMode, RuleParams, RuleSet, Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.schema_registry.json_schema import JSONDeserializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer
from confluent_kafka.schema_registry.rule_registry import RuleRegistry
from confluent_kafka.schema_registry.rules.cel.cel_executor import CelExecutor
from confluent_kafka.schema_registry.rules.cel.cel_field_executor import CelFieldExecutor
from confluent_kafka.schema_registry.serde import RuleConditionError, RuleContext
from confluent_kafka.serialization import MessageField, SerializationContext

URL = os.environ["SCHEMA_REGISTRY_URL"]
TABLE = pathlib.Path(__file__).parents[2] / "vectors" / "rules" / "cel.json"

RULES = RuleRegistry()
for executor in (CelExecutor(), CelFieldExecutor()):
    RULES.register_executor(executor)


def ticket_class():
    """The message of the table's Protobuf schema, by protoc."""
    import grpc_tools
    from confluent_kafka.schema_registry.confluent import meta_pb2
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2, wrappers_pb2
    from grpc_tools import protoc

    assert meta_pb2 and timestamp_pb2 and wrappers_pb2  # they must be in the pool
    include = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    text = json.loads(TABLE.read_text())["schemas"]["ticket"]["text"]
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        (root / "ticket.proto").write_text(text)
        own = root / "confluent"
        own.mkdir()
        source = pathlib.Path(__file__).parents[3] / "src/schema/protobuf/builtin/confluent/meta.proto"
        (own / "meta.proto").write_text(source.read_text())
        out = root / "set"
        code = protoc.main(["", f"-I{root}", f"-I{include}", f"--descriptor_set_out={out}", "ticket.proto"])
        assert code == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes())
    pool = descriptor_pool.Default()
    for file in files.file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("shop.Ticket"))


class Subject:
    """A schema with one rule, in a subject of its own."""

    def __init__(self, table, group, expr, name):
        schema = table["schemas"][group["schema"]]
        self.type, self.name = schema["type"], name
        self.text = schema.get("text") or json.dumps(schema["schema"])
        rule = Rule(
            "r", None, RuleKind.CONDITION, RuleMode.READ, group["type"], group.get("tags"), RuleParams({}), expr, None, None, False
        )
        # one that has the text in mind would not ask for the descriptor that it needs
        self.client = SchemaRegistryClient({"url": URL})
        SchemaRegistryClient({"url": URL}).register_schema(f"{name}-value", Schema(self.text, self.type, [], None, RuleSet(None, [rule])))
        body = {"subject": f"{name}-value", "data": table["records"][group["record"]]}
        self.data = base64.b64decode(post("encode", body)["data"])

    def deserializer(self, message):
        if self.type == "AVRO":
            return AvroDeserializer(self.client, rule_registry=RULES)
        if self.type == "JSON":
            return JSONDeserializer(None, schema_registry_client=self.client, rule_registry=RULES)
        return ProtobufDeserializer(message, {"use.deprecated.format": False}, self.client, rule_registry=RULES)

    def by_client(self, message):
        try:
            self.deserializer(message)(self.data, SerializationContext(self.name, MessageField.VALUE))
        except Exception as error:  # noqa: BLE001
            while error is not None:
                if isinstance(error, RuleConditionError):
                    return "failed"
                error = error.__cause__
            return "error"
        return "held"

    def by_registry(self):
        body = {"data": base64.b64encode(self.data).decode(), "mode": "READ"}
        rules = [rule for rule in post("validate", body)["rules"] if rule["type"] != "INLINE"]
        assert len(rules) == 1
        return rules[0]["outcome"]


def post(path, body):
    answer = httpx.post(f"{URL}/accordant/v1/{path}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def pairs(table):
    for at, group in enumerate(table["groups"]):
        for place, (expr, verdict) in enumerate(group["cases"].items()):
            yield group, expr, verdict, f"rules-{os.getpid()}-{at}-{place}"


def test_the_registry_comes_to_the_verdicts_of_the_client():
    table = json.loads(TABLE.read_text())
    message = ticket_class()
    count, faults = 0, []
    for group, expr, recorded, name in pairs(table):
        subject = Subject(table, group, expr, name)
        ours, theirs = subject.by_registry(), subject.by_client(message)
        count += 1
        if not ours == theirs == recorded:
            faults.append(f"{group['record']}, {group['type']} {group.get('tags', '')}: {expr}: client {theirs}, registry {ours}, table {recorded}")
    assert count >= 300
    assert not faults, "\n".join(faults)


def test_jsonata_has_the_results_of_the_client():
    from confluent_kafka.schema_registry.rules.jsonata.jsonata_executor import JsonataExecutor

    table = json.loads((TABLE.parent / "jsonata.json").read_text())
    faults = []
    for case in table["cases"]:
        rule = Rule("r", None, RuleKind.TRANSFORM, RuleMode.UPGRADE, "JSONATA", None, None, case["expr"], None, None, False)
        context = RuleContext(None, None, None, None, "s", RuleMode.UPGRADE, rule, 0, [rule], None, None)
        message = json.loads(json.dumps(table["message"]))
        try:
            result = JsonataExecutor().transform(context, message)
        except Exception:  # noqa: BLE001
            result = None
        expected = case.get("result")
        if result != expected:
            faults.append((case["expr"], result))
    assert not faults, faults


if __name__ == "__main__":
    TABLE_NOW = json.loads(TABLE.read_text())
    MESSAGE = ticket_class()
    for GROUP, EXPR, _, NAME in pairs(TABLE_NOW):
        SUBJECT = Subject(TABLE_NOW, GROUP, EXPR, NAME)
        GROUP["cases"][EXPR] = SUBJECT.by_client(MESSAGE)
        OURS = SUBJECT.by_registry()
        if OURS != GROUP["cases"][EXPR]:
            print(f"{GROUP['record']}, {GROUP['type']} {GROUP.get('tags', '')}: {EXPR}: client {GROUP['cases'][EXPR]}, registry {OURS}", file=sys.stderr)
    TABLE.write_text(json.dumps(TABLE_NOW, indent=1, ensure_ascii=False) + "\n")
