"""A small registry with one of everything that a database holds, registered through the API."""
from common import request

AVRO = '{"type":"record","name":"%s","namespace":"shop","fields":[{"name":"id","type":"long"}%s]}'
MONEY = '{"type":"record","name":"Money","namespace":"shop","fields":[{"name":"amount","type":"long"}]}'
PROTO = 'syntax = "proto3";\npackage shop;\n\nmessage Bill {\n  int64 id = 1;\n}\n'
JSON = '{"type":"object","properties":{"id":{"type":"integer"}}}'


def fill(url):
    def do(method, target, body=None, expected=200):
        status, answer = request(url + target, method, body)
        assert status == expected, f"{method} {target}: {status} {answer}"
        return answer

    do("POST", "/subjects/money/versions", {"schema": MONEY})
    order = AVRO % ("Order", ',{"name":"price","type":"shop.Money"}')
    reference = [{"name": "shop.Money", "subject": "money", "version": 1}]
    do("POST", "/subjects/orders-value/versions", {"schema": order, "references": reference})
    do("POST", "/subjects/bills-value/versions", {"schema": PROTO, "schemaType": "PROTOBUF"})
    do("POST", "/subjects/notes-value/versions", {"schema": JSON, "schemaType": "JSON"})
    for i in range(3):
        more = "".join(f',{{"name":"f{n}","type":["null","string"],"default":null}}' for n in range(i))
        do("POST", "/subjects/many-value/versions", {"schema": AVRO % ("Many", more), "metadata": {"properties": {"owner": "shop"}}})
    do("DELETE", "/subjects/many-value/versions/2")
    do("POST", "/subjects/gone/versions", {"schema": '"int"'})
    do("DELETE", "/subjects/gone")
    do("POST", "/subjects/never/versions", {"schema": '"bytes"'})
    do("DELETE", "/subjects/never")
    do("DELETE", "/subjects/never?permanent=true")
    do("POST", "/subjects/:.other:orders-value/versions", {"schema": AVRO % ("Order", "")})
    do("PUT", "/config/orders-value", {"compatibility": "FULL_TRANSITIVE"})
    do("PUT", "/config", {"compatibility": "FORWARD"})
    do("PUT", "/mode/bills-value", {"mode": "READONLY"})
    association = {"associationType": "value", "lifecycle": "WEAK", "subject": "money"}
    topic = {"resourceName": "cash", "resourceNamespace": "lkc-1", "resourceId": "topic-1", "resourceType": "topic"}
    do("POST", "/associations", topic | {"associations": [association]})
    kek = {"name": "kek", "kmsType": "local-kms", "kmsKeyId": "local", "shared": False}
    do("POST", "/dek-registry/v1/keks", kek)
    do("POST", "/dek-registry/v1/keks/kek/deks", {"subject": "orders-value", "encryptedKeyMaterial": "AAAA"})


def look(url):
    """What must be the same after a restore or an upgrade, beside the digest."""
    targets = ["/subjects?deleted=true", "/contexts", "/config", "/mode/bills-value", "/schemas/ids/2", "/dek-registry/v1/keks/kek",
               "/dek-registry/v1/keks/kek/deks/orders-value", "/associations/resources/lkc-1/cash", "/v1/metadata/id"]
    found = {}
    for target in targets:
        status, found[target] = request(url + target)
        assert status == 200, f"{target}: {status} {found[target]}"
    return found
