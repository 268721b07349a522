"""Shapes of requests to decoding, encoding, rules, comparison, search and keys that ask for much; as in `shapes.py`."""

import base64
import gzip
import json

from shapes import SUBJECT, VERSIONS, event, registration

MIB = 1 << 20
V1 = "/accordant/v1/"
HEADERS = {"Content-Type": "application/json"}


def base64_of(data):
    return base64.b64encode(data).decode()


def over(route, schema, kind, beside=None, **members):
    """Data under a schema."""
    return [("POST", VERSIONS, registration(schema, kind, **(beside or {}))), ("POST", V1 + route, {"subject": SUBJECT, **members})]


def decode(schema, kind, data, **more):
    return over("decode", schema, kind, data=base64_of(data), **more)


def as_text(route, schema, kind, member, text, beside=None):
    """As `over`, for data that is JSON of its own spelling."""
    body = f'{{"subject":"{SUBJECT}","{member}":{text}}}'
    return [("POST", VERSIONS, registration(schema, kind, **(beside or {}))), ("POST", V1 + route, body, HEADERS)]


def cel(expression, type="CEL", **more):
    rule = {"name": "r", "kind": "CONDITION", "mode": "WRITE", "type": type, "expr": expression, **more}
    return {"ruleSet": {"domainRules": [rule]}}


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(field, data):
    return varint(field << 3 | 2) + varint(len(data)) + data


def listed(text, size=MIB - 4096):
    """A JSON list of `text` that is about so long."""
    return "[" + ",".join([text] * (size // (len(text) + 1))) + "]"


def of_data():
    """Decoding, encoding and making up data."""
    yield "decode: JSON, 1 MiB of empty arrays", decode({}, "JSON", listed("[]").encode())
    yield "decode: JSON, 1 MiB of numbers", decode({"type": "array", "items": {"type": "integer"}}, "JSON", listed("1").encode())
    members = "{" + ",".join(f'"{at}":0' for at in range(100_000)) + "}"
    yield "decode: JSON, 100,000 members", decode({"additionalProperties": {"type": "string"}}, "JSON", members.encode())
    yield "decode: JSON, `uniqueItems` over 150,000 small arrays", decode(
        {"uniqueItems": True}, "JSON", ("[" + ",".join(f"[{at}]" for at in range(110_000)) + "]").encode()
    )
    tiny = '{"uniqueItems":true,"items":{"multipleOf":1e-300}}'
    yield "decode: JSON, `uniqueItems` and `multipleOf` 1e-300", decode(
        tiny, "JSON", ("[" + ",".join(f"{at}e300" for at in range(90_000)) + "]").encode()
    )
    yield "event: `uniqueItems` and `multipleOf` 1e-300", event(tiny, "[" + ",".join(f"{at}.5" for at in range(120_000)) + "]")
    digits = "7" * 4_900
    yield "event: bounds and constants of 4,900 digits", event(
        f'{{"items":{{"anyOf":[{{"const":{digits}}},{{"enum":[{digits}1,{digits}2]}},{{"minimum":1e4900}},{{"multipleOf":{digits}}}]}}}}',
        "[" + ",".join([digits] * 200) + "]",
    )
    yield "decode: Avro, 500,000 strings of a byte", decode(
        '{"type":"array","items":"string"}', "AVRO", b"\xc0\x84\x3d" + b"\x02a" * 500_000 + b"\x00"
    )
    fields = [{"name": f"f{at}", "type": "null"} for at in range(200)]
    nulls = {"type": "array", "items": {"type": "record", "name": "W", "fields": fields}}
    yield "decode: Avro, a million records without bytes", decode(nulls, "AVRO", b"\x80\x89\x7a\x00")
    yield "decode: Avro, a map of 180,000 keys", decode(
        '{"type":"map","values":"boolean"}', "AVRO", b"\xc0\xfc\x15" + b"".join(b"\x08%04x\x00" % (at & 0xFFFF) for at in range(180_000))[: MIB - 8] + b"\x00"
    )
    branches = [{"type": "record", "name": f"R{at}", "fields": [{"name": f"f{at}", "type": "null"}]} for at in range(500)]
    yield "decode: Avro, 500,000 branches of 500 as a reader", decode(
        {"type": "array", "items": branches}, "AVRO", b"\xc0\x84\x3d" + b"\xe6\x07" * 500_000 + b"\x00", reader={"subject": SUBJECT}
    )
    tree = {"type": "record", "name": "N", "fields": [{"name": "c", "type": {"type": "array", "items": "N"}}]}
    yield "decode: Avro, 1 MiB of nodes", decode(tree, "AVRO", b"\x80\x80\x40" + b"\x00" * 500_000)
    proto = lambda lines: 'syntax="proto3";' + lines
    nested = proto("message M{repeated M a=1; int32 b=2;}")
    yield "decode: Protobuf, 500,000 empty messages", decode(nested, "PROTOBUF", b"\x0a\x00" * 500_000)
    choices = proto("message M{oneof o{" + "".join(f"int32 a{at}={at};" for at in range(1, 2_001)) + "}}")
    yield "decode: Protobuf, 300,000 turns of a `oneof` of 2,000", decode(
        choices, "PROTOBUF", b"".join(varint((at % 2_000 + 1) << 3) + b"\x01" for at in range(300_000))
    )
    singles = proto("message M{" + "".join(f"int32 a{at}={at};" for at in range(1, 2_001)) + "oneof o{int32 x=3000;int32 y=3001;}}")
    all_set = b"".join(varint(at << 3) + b"\x01" for at in range(1, 2_001))
    yield "decode: Protobuf, a `oneof` beside 2,000 fields", decode(
        singles, "PROTOBUF", all_set + (varint(3_000 << 3) + b"\x01" + varint(3_001 << 3) + b"\x01") * 150_000
    )
    any_of = proto('import "google/protobuf/any.proto"; message M{repeated google.protobuf.Any a=1;}')
    yield "decode: Protobuf, 100,000 `Any`", decode(any_of, "PROTOBUF", delimited(1, delimited(1, b"x/M")) * 100_000)
    within = b""
    for _ in range(60):
        within = delimited(1, delimited(1, b"x/M") + delimited(2, within)) * 2 if len(within) < 300_000 else within
    yield "decode: Protobuf, `Any` in `Any`", decode(any_of, "PROTOBUF", within[:MIB])
    struct = proto('import "google/protobuf/struct.proto"; message M{repeated google.protobuf.Struct a=1;}')
    yield "decode: Protobuf, 90,000 `Struct`", decode(struct, "PROTOBUF", delimited(1, delimited(1, delimited(1, b"k") + delimited(2, b"\x18\x01"))) * 80_000)
    unknown = b"".join(varint((at % 100_000 + 10) << 3) + b"\x01" for at in range(230_000))
    yield "decode: Protobuf, 230,000 unknown fields", decode(nested, "PROTOBUF", unknown)
    packed = proto("message M{repeated double a=1; map<string,int32> m=2;}")
    yield "decode: Protobuf, 130,000 doubles", decode(packed, "PROTOBUF", delimited(1, b"\x01" * (MIB - 64 & ~7)))
    yield "encode: 1 MiB of numbers", as_text("encode", '{"type":"array","items":"long"}', "AVRO", "data", listed("1"))
    yield "encode: 1 MiB of empty arrays", as_text("encode", tree, "AVRO", "data", '{"c":' + listed('{"c":[]}') + "}")
    unions = {"type": "array", "items": branches}
    yield "encode: unions of 500 records", as_text("encode", unions, "AVRO", "data", listed('{"f499":null}'))
    yield "encode: numbers of 1 MB", as_text("encode", '"double"', "AVRO", "data", "1" * 1_000_000)
    decimal = {"type": "bytes", "logicalType": "decimal", "precision": 1000, "scale": 10}
    yield "encode: decimals", as_text("encode", {"type": "array", "items": decimal}, "AVRO", "data", listed('"' + "9" * 900 + '"'))
    yield "encode: 100,000 members that nobody knows", as_text("encode", nested, "PROTOBUF", "data", members)
    yield "encode: a map of Protobuf", as_text("encode", packed, "PROTOBUF", "data", '{"m":' + members + "}")
    yield "encode: 1 MiB twice over", as_text("encode", {}, "JSON", "data", "{" + ",".join(['"a":1'] * 170_000) + "}")
    sampled = lambda schema, kind="JSON": over("sample", schema, kind, count=20, seed=1)
    yield "sample: a pattern of 10^6", sampled({"type": "string", "pattern": "^(a{1000}){1000}$"})
    yield "sample: alternatives of patterns", sampled({"allOf": [{"type": "string", "pattern": f"[{c}]{{30}}"} for c in "abcdefgh"]})
    yield "sample: a billion items", sampled({"type": "array", "minItems": 1_000_000_000})
    yield "sample: a billion letters", sampled({"type": "string", "minLength": 1_000_000_000})
    yield "sample: unique items of an enum", sampled({"type": "array", "uniqueItems": True, "minItems": 5_000, "items": {"enum": list(range(5_000))}})
    yield "sample: multiples", sampled('{"type":"array","minItems":1000,"items":{"allOf":[{"multipleOf":1e-300},{"multipleOf":0.7},{"minimum":1e300}]}}')
    branching = {"$defs": {"n": {"type": "object", "required": list("abcdef"), "properties": {c: {"anyOf": [{"$ref": "#/$defs/n"}, {"type": "null"}]} for c in "abcdef"}}}, "$ref": "#/$defs/n"}
    yield "sample: a tree", sampled(branching)
    yield "sample: nothing fits", sampled({"type": "array", "minItems": 1000, "items": {"not": {"type": ["integer", "number", "string", "object", "array", "boolean", "null"]}}})
    yield "sample: a fixed of 2 GB", sampled({"type": "fixed", "name": "F", "size": 2_147_483_647}, "AVRO")
    wide = {"type": "record", "name": "N", "fields": [{"name": f"f{at}", "type": ["null", {"type": "array", "items": "N"}]} for at in range(300)]}
    yield "sample: Avro, a tree of 300", sampled(wide, "AVRO")
    deep = proto("".join(f"message M{at}{{" + "".join(f"repeated M{at + 1} a{n}={n};" for n in range(1, 9)) + "}" for at in range(30)) + "message M30{int32 a=1;}")
    yield "sample: Protobuf, 30 levels of 8", sampled(deep, "PROTOBUF")


def of_rules():
    """Rules on data, and between versions."""
    numbers = {"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "array", "items": "int"}}, {"name": "s", "type": "string"}]}
    data = '{"a":' + json.dumps(list(range(1_000))) + ',"s":"' + "a" * 2_000 + '"}'
    run = lambda expression, text=data, **more: as_text("validate", numbers, "AVRO", "json", text, cel(expression, **more))
    yield "validate: CEL, three loops", run("message.a.all(x, message.a.all(y, message.a.all(z, x + y + z >= 0)))")
    yield "validate: CEL, lists of lists", run("message.a.map(x, message.a.map(y, message.a.map(z, [x, y, z]))).size() > 0")
    yield "validate: CEL, texts that double", run("[1,2].all(x, " + "(" * 30 + "message.s" + "".join(" + message.s)" for _ in range(30)) + ".size() > 0)")
    yield "validate: CEL, doubling by comprehension", run(
        "[message.s].map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a).size() > 0"
    )
    yield "validate: CEL, patterns", run("message.a.all(x, message.s.matches('(a*)*b' + string(x)) || true)")
    yield "validate: CEL, large patterns", run("message.a.all(x, message.s.matches('(\\\\p{L}{1,100}){1,10}' + string(x)) || true)")
    yield "validate: CEL, equality of lists", run("message.a.all(x, message.a.exists(y, message.a == message.a && x == y))")
    strings = {"type": "array", "items": {"type": "record", "name": "I", "fields": [{"name": "s", "type": "string"}]}}
    yield "validate: CEL_FIELD, 60,000 fields", as_text(
        "validate", strings, "AVRO", "json", listed('{"s":"aaaa"}', 900_000), cel("value.matches('^a*$') && !value.isEmail()", "CEL_FIELD")
    )
    yield "validate: CEL_FIELD that transforms", as_text(
        "validate", strings, "AVRO", "json", listed('{"s":"aaaa"}', 900_000), cel("value + value", "CEL_FIELD", kind="TRANSFORM")
    )
    for name, schema, kind in (("JSON", {}, "JSON"), ("Avro", '{"type":"array","items":{"type":"array","items":"int"}}', "AVRO")):
        yield f"validate: {name}, 1 MiB of empty arrays", as_text("validate", schema, kind, "json", listed("[]"), cel("true"))
    rules = [{"name": f"r{at}", "kind": "CONDITION", "mode": "WRITE", "type": "CEL_FIELD", "expr": "value.size() >= 0"} for at in range(300)]
    yield "validate: 300 rules over 10,000 fields", as_text(
        "validate", strings, "AVRO", "json", listed('{"s":"a"}', 100_000), {"ruleSet": {"domainRules": rules}}
    )
    inline = {"type": "object", "properties": {f"p{at}": {"type": "string", "confluent:rules": [{"name": "n", "expr": "this.size() > 0"}]} for at in range(10_000)}}
    yield "validate: 10,000 checks in a schema", as_text("validate", inline, "JSON", "json", "{" + ",".join(f'"p{at}":"x"' for at in range(10_000)) + "}")
    versions = []
    for at in range(60):
        step = {"name": "u", "kind": "TRANSFORM", "mode": "UPGRADE", "type": "CEL", "expr": "{'a': message.a, 's': message.s + message.s}"}
        changed = dict(numbers, fields=[*numbers["fields"], *({"name": f"v{n}", "type": "int", "default": 0} for n in range(at))])
        versions.append(("POST", VERSIONS, registration(changed, "AVRO", ruleSet={"migrationRules": [step]})))
    body = f'{{"subject":"{SUBJECT}","version":1,"json":{data},"reader":{{"subject":"{SUBJECT}","version":"latest"}}}}'
    yield "migrate: 60 versions that double a text", [*versions, ("POST", V1 + "migrate", body, HEADERS)]


def of_schemas():
    """Comparison, outlines, search and trees of schemas."""
    def diff(old, new, kind):
        sides = {"old": {"schema": json.dumps(old) if not isinstance(old, str) else old, "schemaType": kind}}
        sides["new"] = {"schema": json.dumps(new) if not isinstance(new, str) else new, "schemaType": kind}
        return [("POST", V1 + "diff", {"subject": SUBJECT, **sides})]

    record = lambda prefix, count: {"type": "record", "name": "R", "fields": [{"name": f"{prefix}{at}", "type": "int", "default": 0} for at in range(count)]}
    yield "diff: 20,000 fields of other names", diff(record("a", 20_000), record("b", 20_000), "AVRO")
    records = lambda prefix: [{"type": "record", "name": f"{prefix}{at}", "fields": [{"name": f"f{n}", "type": "int"} for n in range(4)]} for at in range(4_000)]
    yield "diff: unions of 4,000 records", diff(records("A"), records("B"), "AVRO")
    choices = lambda prefix: {"oneOf": [{"type": "object", "properties": {f"{prefix}{at}": {"type": "string"}}} for at in range(4_000)]}
    yield "diff: `oneOf` of 4,000 objects", diff(choices("a"), choices("b"), "JSON")
    messages = lambda prefix: 'syntax="proto3";' + "".join(f"message {prefix}{at}{{int32 a=1;}}" for at in range(20_000))
    yield "diff: 20,000 messages of other names", diff(messages("A"), messages("B"), "PROTOBUF")
    described = lambda word: {"properties": {f"p{at}": {"description": f"{word} " * 100} for at in range(3_000)}}
    yield "diff: 3,000 descriptions", diff(described("one"), described("two"), "JSON")
    registered = lambda schema, kind: ("POST", VERSIONS, registration(schema, kind))
    yield "outline: 20,000 fields", [registered(record("a", 20_000), "AVRO"), ("GET", f"{V1}outline?subject={SUBJECT}&version=latest", None)]
    words = "+".join(f"{letter * 60}" for letter in "abcdefgh")
    yield "search: eight long words", [registered(record("abc", 20_000), "AVRO"), ("GET", f"{V1}search?q={words}", None)]
    yield "search: words of a letter", [registered(record("abc", 20_000), "AVRO"), ("GET", f"{V1}search?q=a+b+c+d+e+f+g+h", None)]
    tree = lambda schemas, query="": [("POST", f"{V1}register{query}", {"schemas": schemas})]
    own = lambda at: f"{SUBJECT}-{at}"
    reference = lambda at: {"name": f"R{at}", "subject": own(at)}
    yield "register: 20,000 schemas", tree([{"subject": own(at), "schema": '"int"'} for at in range(20_000)], "?dryRun=true")
    linked = lambda at: {"type": "record", "name": f"R{at}", "fields": [{"name": "f", "type": f"R{at - 1}" if at else "int"}]}
    chain = [{"subject": own(at), "schema": json.dumps(linked(at)), "references": [reference(at - 1)] if at else []} for at in range(60)]
    yield "register: a chain of 60", tree(chain, "?dryRun=true")
    definitions = json.dumps({"type": "record", "name": "R0", "fields": [{"name": f"f{at}", "type": "int", "doc": "x" * 100} for at in range(9_000)]})
    users = [{"subject": own(at), "schema": json.dumps(linked(1)), "references": [reference(0)]} for at in range(1, 400)]
    yield "register: 400 schemas over one of 1.3 MB", tree([{"subject": own(0), "schema": definitions}, *users], "?dryRun=true")
    yield "register: a ring of 2,000", tree(
        [{"subject": own(at), "schema": '"int"', "references": [{"name": "x", "subject": own((at + 1) % 2_000)}]} for at in range(2_000)], "?dryRun=true"
    )


def of_settings():
    """Keys, exporters, associations, configs and batches."""
    properties = {f"k{at}": "v" for at in range(140_000)}
    kek = {"name": SUBJECT, "kmsType": "local-kms", "kmsKeyId": "k"}
    yield "keys: 140,000 properties", [("POST", "/dek-registry/v1/keks", {**kek, "kmsProps": properties})]
    yield "keys: 4 MB of documentation", [("POST", "/dek-registry/v1/keks", {**kek, "doc": "x" * 4_000_000})]
    yield "keys: 4 MB of a key", [
        ("POST", "/dek-registry/v1/keks", kek),
        ("POST", f"/dek-registry/v1/keks/{SUBJECT}/deks", {"subject": "s", "encryptedKeyMaterial": "A" * 4_000_000}),
    ]
    exporter = {"name": SUBJECT, "contextType": "NONE", "config": {"schema.registry.url": "http://127.0.0.1:1"}}
    yield "exporter: 140,000 subjects", [("POST", "/exporters", {**exporter, "subjects": [f"s{at}*" for at in range(140_000)]})]
    yield "exporter: 140,000 settings", [("POST", "/exporters", {**exporter, "config": {"schema.registry.url": "http://127.0.0.1:1", **properties}})]
    association = lambda at: {
        "resourceName": f"{SUBJECT}-{at}", "resourceNamespace": "lkc", "resourceId": f"{SUBJECT}-{at}", "resourceType": "topic",
        "associations": [{"opType": "CREATE", "subject": SUBJECT, "associationType": "value", "schema": {"schema": '"int"'}}],
    }
    yield "associations: a batch of 9,000", [("POST", "/associations:batchMutate", {"requests": [association(at) for at in range(9_000)]})]
    yield "associations: a batch of 1,000", [("POST", "/associations:batchMutate", {"requests": [association(at) for at in range(1_000)]})]
    yield "config: 250 KB of metadata", [("PUT", f"/config/{SUBJECT}", {"defaultMetadata": {"properties": {f"k{at}": "v" for at in range(17_000)}}})]
    packed = gzip.compress(json.dumps({"schema": '"int"', "x": " " * 4_000_000}).encode())
    yield "4 MB within 4 KB of gzip", [("POST", VERSIONS, packed, {**HEADERS, "Content-Encoding": "gzip"})]
    structured = {"Content-Type": "application/cloudevents-batch+json"}
    one = '{"specversion":"1.0","id":"1","source":"/b","type":"t","data":[[],[]]}'
    yield "events: a batch of 1 MiB", [("POST", "/cloudevents/validate", listed(one), structured)]
    repeated = '{"specversion":"1.0","id":"1","source":"/b","type":"t","data":{' + ",".join(['"a":1'] * 160_000) + "}}"
    yield "event: 160,000 members of one name", [("POST", "/cloudevents/validate", repeated, {"Content-Type": "application/cloudevents+json"})]
    surrogates = '{"specversion":"1.0","id":"1","source":"/b","type":"t","data":[' + ",".join(['"\\ud800"'] * 100_000) + "]}"
    yield "event: 100,000 broken texts", [("POST", "/cloudevents/validate", surrogates, {"Content-Type": "application/cloudevents+json"})]
    record = json.dumps({"headers": [{"key": "ce_specversion", "value": "1.0"}] * 9_000, "value": base64_of(b"[" * 300_000)})
    yield "Kafka: a record of 9,000 headers", [("POST", "/cloudevents/validate/kafka", record, HEADERS)]


def route_shapes():
    """Each a name and requests; the last one is measured."""
    yield from of_data()
    yield from of_rules()
    yield from of_schemas()
    yield from of_settings()
