"""Schemas that others wrote: they register, are stored in a form that does not change again, and are compatible with themselves."""
import importlib.util
import json
import pathlib
import re
import subprocess
import sys

import pytest
import requests
from conftest import URL

NODE = pathlib.Path(__file__).parents[1] / "node" / "node_modules"
# The first and last release are years apart; files that exist in both are compared with one another.
COMMON_PROTOS = ["1.56.4", "1.63.2", "1.70.0"]
GRPC_TOOLS = ["1.62.3", "1.71.2"]


def post(path, body):
    return requests.post(URL + path, json=body, timeout=60)


def holds(subject, kind, text, references=()):
    """Registers, registers what is stored once more, and checks the schema against itself."""
    body = {"schemaType": kind, "schema": text, "references": list(references)}
    first = post(f"/subjects/{subject}/versions", body)
    assert first.status_code == 200, f"{subject}: {first.text[:400]}"
    stored = requests.get(f"{URL}/subjects/{subject}/versions/latest/schema", timeout=60).text
    again = post(f"/subjects/{subject}/versions", {**body, "schema": stored})
    assert again.json()["id"] == first.json()["id"], f"{subject}: the stored text reads differently"
    requests.put(f"{URL}/config/{subject}", json={"compatibility": "FULL_TRANSITIVE"}, timeout=60).raise_for_status()
    check = post(f"/compatibility/subjects/{subject}/versions?verbose=true", body).json()
    assert check == {"is_compatible": True, "messages": []}, f"{subject}: {json.dumps(check)[:400]}"


def json_schemas():
    package = pathlib.Path(importlib.util.find_spec("check_jsonschema").origin).parent
    files = sorted((package / "builtin_schemas" / "vendor").glob("*.json"))
    return files + sorted(NODE.glob("vega-lite/build/vega-lite-schema.json"))


@pytest.mark.parametrize("path", json_schemas(), ids=lambda path: path.name)
def test_json_schemas(path, topic):
    text = path.read_text(encoding="utf-8")
    references = []
    # nothing is ever fetched: what a schema refers to elsewhere must be declared
    for file in sorted(set(re.findall(r'"\$ref": "(?:https?://[^"]*/)?([\w.-]+[.]json)#/definitions/', text)) - {path.name}):
        names = re.findall(re.escape(file) + r"#/definitions/([^\"]+)", text)
        subject = f"{topic}-{file}"
        stand_in = json.dumps({"definitions": {name: {} for name in names}})
        post(f"/subjects/{subject}/versions", {"schemaType": "JSON", "schema": stand_in}).raise_for_status()
        url = json.loads(text)["$id"].rsplit("/", 1)[0] + "/" + file
        references.append({"name": url, "subject": subject, "version": 1})
    holds(f"{topic}-{path.stem}", "JSON", text, references)


def test_json_schemas_are_there():
    assert len(json_schemas()) > 10


@pytest.fixture(scope="session")
def releases(tmp_path_factory):
    """The .proto files of several releases: import path -> text, by release."""
    found = {}
    wanted = [("googleapis-common-protos", v) for v in COMMON_PROTOS] + [("grpcio-tools", v) for v in GRPC_TOOLS]
    for package, version in wanted:
        folder = tmp_path_factory.mktemp("protos")
        pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-deps"]
        pip += ["--only-binary=:all:", "--python-version", "3.11", "--implementation", "cp", "--platform", "manylinux2014_x86_64"]
        pip += ["--target", str(folder)]
        subprocess.run([*pip, f"{package}=={version}"], check=True)
        root = folder / "grpc_tools" / "_proto" if package == "grpcio-tools" else folder
        files = {p.relative_to(root).as_posix(): p.read_text(encoding="utf-8") for p in root.glob("google/**/*.proto")}
        found[f"{package}-{version}"] = {n: t for n, t in files.items() if n.startswith(("google/type/", "google/protobuf/"))}
    return found


def test_google_protos(releases, topic):
    registered = {}
    for release, files in releases.items():
        assert files, release
        for name, text in sorted(files.items()):
            subject = f"{topic}-{release}-{name}".replace("/", "%2F")
            holds(subject, "PROTOBUF", text)
            registered.setdefault(name, []).append((subject, text))
    assert "google/protobuf/descriptor.proto" in registered and "google/type/date.proto" in registered
    compared = 0
    for name, versions in registered.items():
        for subject, _ in versions:
            for _, text in versions:
                answer = post(f"/compatibility/subjects/{subject}/versions/latest?verbose=true", {"schemaType": "PROTOBUF", "schema": text})
                assert answer.status_code == 200, f"{name}: {answer.text[:400]}"
                compared += 1
    assert compared > 50
