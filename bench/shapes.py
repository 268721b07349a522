"""Shapes of requests that ask for much: schemas, checks and events. Those of the other routes are in `route_shapes.py`."""

import json

# stands for the subject of a shape, so that several can be played at one server
SUBJECT = "subject-of-the-shape"
VERSIONS = f"/subjects/{SUBJECT}/versions"


def registration(schema, kind="JSON", **more):
    text = schema if isinstance(schema, str) else json.dumps(schema)
    return {"schema": text, "schemaType": kind, **more}


def register(schema, kind="JSON"):
    return [("POST", VERSIONS, registration(schema, kind))]


def check(old, new, kind="JSON", query=""):
    return [
        ("POST", VERSIONS, registration(old, kind)),
        ("POST", f"/compatibility{VERSIONS}/latest{query}", registration(new, kind)),
    ]


def event(schema, data):
    headers = {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "/battery",
        "ce-type": "t",
    }
    text = data if isinstance(data, str) else json.dumps(data)
    path = f"/cloudevents/validate?subject={SUBJECT}&version=latest"
    return [("POST", VERSIONS, registration(schema)), ("POST", path, text, headers)]


def objects(count, width, value):
    return [{"type": "object", "properties": {f"p{at}": value(at) for at in range(width)}, "minProperties": n} for n in range(count)]


def shapes():
    """Each a name and requests; the last one is measured."""
    many = "7" * 995
    yield "pattern of 32,000 brackets", register({"pattern": "[" * 32_000})
    yield "pattern of 16,000 `[^`", register({"pattern": "[^" * 16_000})
    yield "pattern of 10,000 `\\u{`", register({"pattern": "\\u{" * 10_000})
    yield "pattern of 690,000 `\\pL`", register({"pattern": "\\pL" * 690_000})
    yield "pattern of `(?i)` and 6,000 `\\p{L}`", register({"pattern": "(?i)" + "\\p{L}" * 6_000})
    yield "pattern of 40,000 optional letters, with a look-ahead", register({"pattern": "(?=a)" + "a?" * 40_000})
    yield "pattern nested 10,000 deep", register({"pattern": "(" * 10_000 + ")" * 10_000})
    yield "event under `format: regex`, 32,000 brackets", event({"format": "regex"}, '"' + "[" * 32_000 + '"')
    divisors = lambda count, digits: [{"type": "number", "multipleOf": f"@{digits[:-1]}{at % 9 + 1}e{at}@"} for at in range(count)]
    exact = lambda schema: json.dumps(schema).replace('"@', "").replace('@"', "")
    yield "`multipleOf` of 995 digits, 55 against 150", check(
        exact({"oneOf": divisors(55, many)}), exact({"oneOf": divisors(150, "3" * 995)})
    )
    yield "event: 2,000 numbers of 4,900 powers under `multipleOf`", event(
        '{"items":{"multipleOf":0.0000001}}', "[" + ",".join(["1e4900"] * 2_000) + "]"
    )
    names = {f"^a{at}[\\p{{L}}\\p{{N}} ]{{1,100}}$": {} for at in range(400)}
    yield "event: 400 large `patternProperties`", event({"patternProperties": names}, {"a1x": 1})
    yield "check: 400 large `patternProperties`", check(
        {"type": "object", "patternProperties": names, "additionalProperties": False},
        {"type": "object", "patternProperties": names, "additionalProperties": False, "properties": {"zz": {}}},
    )
    strings = lambda offset: {"oneOf": [{"type": "string", "maxLength": at * 2 + offset} for at in range(4_000)]}
    yield "`oneOf` of 4,000 strings against 4,000", check(strings(1), strings(0))
    yield "`oneOf` of 1,500 objects against 1,500", check(
        {"oneOf": objects(1_500, 2, lambda at: {"type": "string"})},
        {"oneOf": [dict(one, maxProperties=9) for one in objects(1_500, 2, lambda at: {"type": "number"})]},
    )
    enums = lambda extra: {"oneOf": [{"enum": [f"{'x' * 40}{at}-{n}" for n in range(30)] + extra} for at in range(1_000)]}
    yield "`oneOf` of 1,000 enums against 1,000", check(enums(["a"]), enums(["b"]))
    long = [f"{'7' * 60}{at:06}" for at in range(15_000)]
    yield "event: `uniqueItems` over 15,000 long numbers", event({"uniqueItems": True}, "[" + ",".join(long) + "]")
    recursive = {"anyOf": [{"type": "array", "items": {"$ref": "#"}} for _ in range(6)] + [{"type": "string"}]}
    yield "event: 600 bytes under a recursive `anyOf`", event(recursive, "[" * 12 + ",".join(["1"] * 250) + "]" * 12)
    definitions = {f"d{at}": {"type": "object", "properties": {name: {"$ref": f"#/definitions/d{at + 1}"} for name in "abcd"}} for at in range(8)}
    deep = lambda leaf: {"$ref": "#/definitions/d0", "definitions": {**definitions, "d8": leaf}}
    yield "`explain=true` over 65,536 paths", check(deep({"type": "string"}), deep({"type": "number"}), query="?explain=true")
    alternatives = lambda word: {"allOf": [{"anyOf": [{"pattern": f"{word}{at}{n}.*{word}.{{20}}"} for n in range(4)]} for at in range(6)]}
    yield "`explain=true`: patterns to prove", check(alternatives("a"), alternatives("b"), query="?explain=true")
    yield "4 MiB of empty arrays", register('{"examples":[' + ",".join(["[]"] * 1_390_000) + "]}")
    yield "4 MiB of members", register({"properties": {f"p{at}": {} for at in range(240_000)}})
    yield "4 MiB of one text", register({"description": "x" * 4_100_000})
    yield "Avro: 4 MiB of fields", register(
        {"type": "record", "name": "R", "fields": [{"name": f"f{at}", "type": "int"} for at in range(95_000)]}, "AVRO"
    )
    symbols = lambda prefix: {"type": "enum", "name": "E", "symbols": [f"{prefix}{at}" for at in range(250_000)]}
    yield "Avro: enums of 250,000 symbols", check(symbols("a"), symbols("b"), "AVRO")
    union = lambda width: [{"type": "record", "name": f"R{at}", "fields": [{"name": f"f{at}", "type": "int"}]} for at in range(width)]
    renamed = lambda width: [{"type": "record", "name": f"Q{at}", "fields": [{"name": f"g{at}", "type": "int"}]} for at in range(width)]
    yield "Avro: unions of 2,000 records", check(union(2_000), renamed(2_000), "AVRO")
    yield "Avro: 1,000 levels", register("".join('{"type":"array","items":' for _ in range(990)) + '"int"' + "}" * 990, "AVRO")
    messages = lambda kind: 'syntax="proto3";' + "".join(f"message M{at}{{{kind} a=1;}}" for at in range(80_000))
    yield "Protobuf: 80,000 messages", check(messages("int32"), messages("string"), "PROTOBUF")
    fields = lambda kind: 'syntax="proto3"; message M{' + "".join(f"{kind} f{at}={at + 20_000};" for at in range(150_000)) + "}"
    yield "Protobuf: a message of 150,000 fields", check(fields("int32"), fields("string"), "PROTOBUF")
    in_proto = lambda lines: register('syntax="proto3";' + lines, "PROTOBUF")
    yield "Protobuf: 4 MiB of reserved names", in_proto("message M{reserved " + ",".join(f'"n{at}"' for at in range(340_000)) + ";}")
    yield "Protobuf: 4 MiB of imports", in_proto("".join(f'import "a{at}.proto";' for at in range(160_000)))
    yield "Protobuf: 4 MiB of comments", in_proto("// word\n" * 500_000 + "message M{}")
    defaults = "[" + ",".join(["{}"] * 1_300_000) + "]"
    field = f'{{"name":"f","type":{{"type":"array","items":{{"type":"map","values":"int"}}}},"default":{defaults}}}'
    yield "Avro: 4 MiB of a default", register(f'{{"type":"record","name":"R","fields":[{field}]}}', "AVRO")
    entries = {f"k{at}": "v" for at in range(140_000)}
    beside = lambda what: [("POST", VERSIONS, json.dumps({"schema": '"string"', **what}))]
    yield "metadata of 140,000 properties", beside({"metadata": {"properties": entries}})
    rules = [{"name": f"r{at}", "kind": "CONDITION", "mode": "WRITE", "type": "CEL", "expr": "true"} for at in range(24_000)]
    yield "24,000 rules", beside({"ruleSet": {"domainRules": rules}})
