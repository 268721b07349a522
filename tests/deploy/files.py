"""The compose files, Grafana's provisioning and the list of files of the package: what they name is there, and what they say is taken."""
import json
import re
import subprocess
import tomllib

import yaml
from common import BINARY, DEPLOY, ROOT, environment

COMPOSE = DEPLOY / "compose"
SINGLE = yaml.safe_load((COMPOSE / "single.yml").read_text())
assert SINGLE["services"]["registry"]["volumes"] == ["accordant:/data"]

full = yaml.safe_load((COMPOSE / "docker-compose.yml").read_text())
services = full["services"]
for name, service in services.items():
    assert service["restart"] == "unless-stopped" and service["mem_limit"] and service["cpus"], name
    assert "no-new-privileges:true" in service["security_opt"], name
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), f"{name}: published for everybody: {port}"
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        there = (COMPOSE / source).exists() if source.startswith(".") else source in full["volumes"]
        assert there, f"{name}: {volume}"
    assert set(service.get("depends_on", [])) <= set(services), name
    assert set(service.get("secrets", [])) <= set(full["secrets"]), name
for secret in full["secrets"].values():
    assert (COMPOSE / secret["file"]).exists()
registry = services["registry-1"]
variables = {key: str(value) for key, value in registry["environment"].items()}
# in the place of the mounted secret
variables["ACCORDANT_DATABASE_FILE"] = str(COMPOSE / full["secrets"]["database_url"]["file"])
done = subprocess.run([BINARY, "settings", "check"], env=environment(**variables), capture_output=True, text=True)
assert done.returncode == 0, done.stderr
assert registry["read_only"] and registry["cap_drop"] == ["ALL"]
for target in re.findall(r"server \S+ (\S+):8081", (DEPLOY / "haproxy/haproxy.cfg").read_text()):
    assert target in services, target

for path in (COMPOSE / "grafana").rglob("*.yml"):
    assert yaml.safe_load(path.read_text())["apiVersion"] == 1
json.loads((DEPLOY / "grafana/accordant.json").read_text())
yaml.safe_load((DEPLOY / "envoy/envoy.yaml").read_text())

package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["metadata"]["deb"]
for source, *_ in package["assets"]:
    assert source == "target/release/accordant" or list(ROOT.glob(source)), source
assert {f"/{target}" for _, target, _ in package["assets"]} >= set(package["conf-files"])
for script in ["postinst", "postrm"]:
    subprocess.run(["sh", "-n", DEPLOY / "debian" / script], check=True)
done = subprocess.run([BINARY, "settings", "check", "--config", DEPLOY / "debian/accordant.toml"], env=environment(), capture_output=True, text=True)
assert done.returncode == 0, done.stderr
version = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["version"]
chart = yaml.safe_load((DEPLOY / "helm/accordant/Chart.yaml").read_text())
assert chart["appVersion"] == version, "the chart is of another version"
assert f"ARG ACCORDANT_VERSION={version}\n" in (ROOT / "Dockerfile").read_text(), "the image is of another version"
dockerfile = (ROOT / "Dockerfile").read_text()
assert "\nUSER 10001:10001\n" in dockerfile and "HEALTHCHECK" in dockerfile
for workflow in (ROOT / ".github/workflows").glob("*.yml"):
    jobs = yaml.safe_load(workflow.read_text())["jobs"]
    for name, job in jobs.items():
        assert set([job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])) <= set(jobs), name
print("compose, provisioning, package, image and workflows name what is there")
