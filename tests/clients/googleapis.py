"""The whole of googleapis: `googleapis.py URL FOLDER` registers every file with its imports as references, and lets protoc judge.

The descriptors of the source, of the canonical text and of the normalized text are the same: but for the order of declarations, which
normalization changes, and for places in the text. Files above the limit for bodies are left out, and those that need them.
"""
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

from google.protobuf import descriptor_pb2
from grpc_tools import protoc

IMPORT = re.compile(r'^\s*import\s+(?:public\s+|weak\s+)?"([^"]+)"', re.M)
WELL_KNOWN = os.path.join(os.path.dirname(protoc.__file__), "_proto")


class Registry:
    def __init__(self, url):
        at = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(at.hostname, at.port, timeout=120)

    def send(self, method, path, body=None):
        headers = {"Content-Type": "application/vnd.schemaregistry.v1+json"} if body else {}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        return answer.status, json.loads(content)


def without_comments(text):
    return re.sub(r'("(?:[^"\\\n]|\\.)*")|//[^\n]*|/\*.*?\*/', lambda found: found[1] or " ", text, flags=re.S)


def in_order(imports):
    """The files, imports before those that import them."""
    done, order = set(), []

    def visit(path):
        if path in done or path not in imports:
            return
        done.add(path)
        for other in imports[path]:
            visit(other)
        order.append(path)

    sys.setrecursionlimit(10_000)
    for path in sorted(imports):
        visit(path)
    return order


def compiled(root, paths):
    """The descriptor of each file."""
    with tempfile.NamedTemporaryFile(suffix=".pb") as out, tempfile.NamedTemporaryFile("w", suffix=".txt") as files:
        files.write("\n".join([f"-I{root}", f"-I{WELL_KNOWN}", f"--descriptor_set_out={out.name}", *paths]))
        files.flush()
        said = subprocess.run(
            [sys.executable, "-m", "grpc_tools.protoc", f"@{files.name}"], stderr=subprocess.PIPE, text=True, check=False
        )
        if said.returncode:
            sys.exit(f"protoc refuses files of {root}:\n{said.stderr[-4000:]}")
        found = descriptor_pb2.FileDescriptorSet()
        with open(out.name, "rb") as written:
            found.ParseFromString(written.read())
    return {file.name: ordered(file) for file in found.file}


def ordered(file):
    """A descriptor as bytes, with declarations in an order of their own."""
    file.ClearField("source_code_info")
    public = sorted(file.dependency[at] for at in file.public_dependency)
    dependencies = sorted(file.dependency)
    del file.dependency[:], file.public_dependency[:], file.weak_dependency[:]
    file.dependency.extend(dependencies)
    sort(file)
    return file.SerializeToString(deterministic=True) + "".join(public).encode()


def sort_oneofs(message):
    """Fields name their oneof by its place, so the places must not depend on the order of fields."""
    names = [oneof.name for oneof in message.oneof_decl]
    message.oneof_decl.sort(key=lambda oneof: oneof.name)
    places = {oneof.name: at for at, oneof in enumerate(message.oneof_decl)}
    for field in message.field:
        if field.HasField("oneof_index"):
            field.oneof_index = places[names[field.oneof_index]]


def sort(message):
    if isinstance(message, descriptor_pb2.DescriptorProto):
        sort_oneofs(message)
    for field, value in message.ListFields():
        if field.type != field.TYPE_MESSAGE:
            if field.name in ("reserved_name",):
                value.sort()
            continue
        many = list(value) if hasattr(value, "extend") else [value]
        for one in many:
            sort(one)
        # a method with braces and nothing in them has options that say nothing
        if field.name == "options" and not value.ByteSize():
            message.ClearField("options")
        if hasattr(value, "extend") and field.name not in ("uninterpreted_option", "oneof_decl"):
            value.sort(key=lambda one: one.SerializeToString(deterministic=True))


def main():
    registry, root = Registry(sys.argv[1]), sys.argv[2]
    texts = {}
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(".proto"):
                path = os.path.join(folder, name)
                with open(path, encoding="utf-8") as file:
                    texts[os.path.relpath(path, root)] = file.read()
    texts = {path: text for path, text in texts.items() if not path.startswith("google/protobuf/")}
    imports = {path: [own for own in IMPORT.findall(without_comments(text)) if own in texts] for path, text in texts.items()}
    registered, too_large, refused = [], set(), []
    with tempfile.TemporaryDirectory() as work:
        for path in in_order(imports):
            if too_large.intersection(imports[path]):
                too_large.add(path)
                continue
            references = [{"name": own, "subject": own, "version": 1} for own in imports[path]]
            body = {"schemaType": "PROTOBUF", "schema": texts[path], "references": references}
            for form, query in (("canonical", ""), ("normalized", "?normalize=true")):
                subject = urllib.parse.quote(path if form == "canonical" else f"{path} {form}", safe="")
                status, answer = registry.send("POST", f"/subjects/{subject}/versions{query}", body)
                if status == 413 and form == "canonical":
                    too_large.add(path)
                    break
                if status != 200:
                    refused.append(f"{path}, {form}: {status} {json.dumps(answer)[:500]}")
                    break
                _, version = registry.send("GET", f"/subjects/{subject}/versions/1")
                to = os.path.join(work, form, path)
                os.makedirs(os.path.dirname(to), exist_ok=True)
                with open(to, "w", encoding="utf-8") as file:
                    file.write(version["schema"])
            else:
                registered.append(path)
        if refused:
            sys.exit("\n".join(refused[:20]) + f"\n{len(refused)} files are refused")
        source = compiled(root, registered)
        for form in ("canonical", "normalized"):
            own = compiled(os.path.join(work, form), registered)
            different = [path for path in registered if own[path] != source[path]]
            if different:
                sys.exit("\n".join(different[:20]) + f"\nthe {form} texts of {len(different)} files mean something else")
    if not registered:
        sys.exit("there are no files")
    print(f"{len(registered)} files of googleapis mean the same in all forms; {len(too_large)} are too large or need such a file")


main()
