"""The unit of systemd: valid, and as closed as it says."""
import json
import pathlib
import subprocess
import tempfile

from common import BINARY, DEPLOY

# exposure as systemd counts it, in tenths: below 2.0 is "OK" at its best
MOST = 1.5

text = (DEPLOY / "systemd/accordant.service").read_text()
assert "/usr/bin/accordant serve --config /etc/accordant/accordant.toml" in text and "Type=notify" in text
with tempfile.TemporaryDirectory() as folder:
    # verify looks whether the program is there
    unit = pathlib.Path(folder) / "accordant.service"
    unit.write_text(text.replace("/usr/bin/accordant", str(BINARY)))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True)
    assert done.returncode == 0 and "accordant.service" not in done.stderr, done.stderr
    done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--json=short", unit], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    exposure = sum(float(row["exposure"] or 0) for row in json.loads(done.stdout)) if done.stdout.startswith("[") else None
    limit = subprocess.run(["systemd-analyze", "security", "--offline=true", f"--threshold={int(MOST * 10)}", unit], capture_output=True, text=True)
    assert limit.returncode == 0, limit.stdout[-2000:]
print(f"the unit is valid, and its exposure at most {MOST}")
