"""The chart and the overlays: rendered with several sets of values, valid by Kubernetes' own schemas, and whole.

usage: kubernetes.py RENDERER
"""
import json
import shutil
import sys

import jsonschema
import kubernetes_validate
import yaml
from common import DEPLOY, output

RENDERER = sys.argv[1]
CHART = DEPLOY / "helm/accordant"
VERSIONS = ["1.31", "1.37"]
# objects of operators, whose schemas are not Kubernetes' own
FOREIGN = {"ServiceMonitor", "PrometheusRule"}


def merged(into, more):
    for key, value in more.items():
        into[key] = merged(into.get(key) or {}, value) if isinstance(value, dict) and isinstance(into.get(key), dict) else value
    return into


def objects(text):
    return [one for one in yaml.safe_load_all(text) if one]


def check(name, found):
    kinds = sorted(one["kind"] for one in found)
    for one in found:
        if one["kind"] not in FOREIGN:
            for version in VERSIONS:
                kubernetes_validate.validate(one, version, strict=True)
    by_kind = {}
    for one in found:
        by_kind.setdefault(one["kind"], []).append(one)
    (deployment,) = by_kind["Deployment"]
    spec = deployment["spec"]["template"]["spec"]
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    (container,) = spec["containers"]
    # what is mounted is there, and what is there is mounted
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}, name
    # nothing is mounted below a mount that can't be written
    paths = [mount["mountPath"] for mount in container["volumeMounts"]]
    assert not [(a, b) for a in paths for b in paths if a != b and b.startswith(a + "/")], (name, paths)
    # all selectors find the pods
    selectors = [one["spec"]["selector"] for one in by_kind["Service"]]
    selectors += [one["spec"]["selector"]["matchLabels"] for one in by_kind.get("PodDisruptionBudget", []) + [deployment]]
    selectors += [one["spec"]["podSelector"]["matchLabels"] for one in by_kind.get("NetworkPolicy", [])]
    selectors += [one["labelSelector"]["matchLabels"] for one in spec.get("topologySpreadConstraints", [])]
    for selector in selectors:
        assert selector.items() <= labels.items(), (name, selector)
    # ports that are named are there
    ports = {port["name"] for port in container["ports"]}
    named = {port["targetPort"] for one in by_kind["Service"] for port in one["spec"]["ports"]}
    named |= {container[probe]["httpGet"]["port"] for probe in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert named <= ports, (name, named)
    # what the file says of stopping fits into the grace period
    (config,) = [one for one in by_kind["ConfigMap"] if "accordant.toml" in one["data"]]
    text = config["data"]["accordant.toml"]
    seconds = sum(int(line.split('"')[1].rstrip("s")) for line in text.splitlines() if line.startswith("shutdown-"))
    assert spec["terminationGracePeriodSeconds"] > seconds, name
    for one in by_kind.get("HorizontalPodAutoscaler", []):
        assert one["spec"]["scaleTargetRef"]["name"] == deployment["metadata"]["name"] and "replicas" not in deployment["spec"], name
    # the restricted level of the Pod Security Standards, and more
    context = container["securityContext"]
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    assert spec["securityContext"]["runAsUser"] == 10001
    assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"] and context["capabilities"]["drop"] == ["ALL"]
    assert not spec["automountServiceAccountToken"] and not spec["enableServiceLinks"]
    assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
    # the file is one that the server takes; files that it names are in the pod
    start = ["serve", "--config", "/etc/accordant/accordant.toml"]
    assert container["args"] == start, name
    for line in text.splitlines():
        value = line.split(" = ", 1)[1].strip('"') if "-file = " in line else None
        assert value is None or any(value.startswith(path + "/") for path in paths), (name, line)
    print(f"{name}: {len(found)} objects ({', '.join(kinds)})")
    return text


def chart(name, values):
    text = output([RENDERER, "chart", CHART, "registry", "data", *values])
    found = objects(text)
    if shutil.which("helm"):
        flags = [part for path in values for part in ("-f", path)]
        helm = objects(output(["helm", "template", "registry", CHART, "-n", "data", "--kube-version", "1.31.0", *flags]))
        key = lambda one: (one["kind"], one["metadata"]["name"])
        assert sorted(helm, key=key) == sorted(found, key=key), f"{name}: helm renders something else"
    return check(name, found)


schema = json.loads((CHART / "values.schema.json").read_text())
jsonschema.Draft7Validator.check_schema(schema)
defaults = yaml.safe_load((CHART / "values.yaml").read_text())
for name, values in [("chart, defaults", []), *[(f"chart, {path.name}", [path]) for path in sorted((CHART / "ci").glob("*.yaml"))]]:
    given = merged(json.loads(json.dumps(defaults)), *[yaml.safe_load(path.read_text()) for path in values] or [{}])
    jsonschema.validate(given, schema)
    texts = chart(name, values)
    # what is said in the values arrives
    for setting, value in (given["settings"] or {}).items():
        assert f"{setting} = " in texts, (name, setting)
for wrong in [{"replicas": 0}, {"settings": {"listen": "x"}}, {"database": {"kind": "mysql"}}, {"replica": 3}, {"image": {"repository": ""}}]:
    given = merged(json.loads(json.dumps(defaults)), wrong)
    assert list(jsonschema.Draft7Validator(schema).iter_errors(given)), f"values.schema.json takes {wrong}"
for overlay in ["sqlite", "postgres"]:
    check(f"kustomize, {overlay}", objects(output([RENDERER, "kustomize", DEPLOY / "kustomize/overlays" / overlay])))
