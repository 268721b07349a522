"""An operator's drill: the package is installed, the unit's command line started, schemas registered, backed up; the server is killed and the
copy restored elsewhere; then databases of older releases are upgraded. Everything must be as it was.

With TEST_POSTGRES_URL the same of Postgres. `drill.py --fixture NAME [BINARY]` writes tests/deploy/databases/NAME.* instead.
"""
import contextlib
import gzip
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib

import content
from common import BINARY, DEPLOY, PATIENCE, ROOT, environment, eventually, free_port, fresh_database, output, ready, request, running

DATABASES = ROOT / "tests/deploy/databases"
CLUSTER = os.environ.get("TEST_POSTGRES_URL")
UNIT = (DEPLOY / "systemd/accordant.service").read_text()


def accordant(*arguments, binary=BINARY, expected=0, **more):
    return output([binary, *arguments], expected, env=environment(**more))


def doctor(database, *more):
    """Nothing is wrong, but that the Postgres of tests is not durable."""
    command = [BINARY, "doctor", "--format", "json", "--database", database, "--listen", "127.0.0.1:9", *more]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True)
    wrong = [one for one in json.loads(done.stdout)["findings"] if one["state"] == "bad" and "fsync" not in one["found"]]
    assert not wrong, wrong


def digest(url):
    return accordant("digest", "--registry", url).split()[0]


@contextlib.contextmanager
def server(database, *more, binary=BINARY):
    port = free_port()
    command = [binary, "--listen", f"127.0.0.1:{port}", "--database", database, "--log-level", "warn", "--kms-local-secret", "drill", *more]
    with running(command, env=environment()) as process:
        eventually(f"a server on {database}", ready(f"http://127.0.0.1:{port}"))
        yield f"http://127.0.0.1:{port}", process


def unit(key):
    return re.findall(rf"^{key}=(.*)$", UNIT, re.MULTILINE)


def package(folder):
    """A .deb of what Cargo.toml lists, with the debug binary (stripped, as the release's is) in the place of the release's; then its files, laid out."""
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]
    deb, tree = cargo["metadata"]["deb"], folder / "tree"
    stripped = folder / "accordant"
    output(["strip", "-o", stripped, BINARY])
    assets = [*deb["assets"], ["deploy/systemd/accordant.service", "usr/lib/systemd/system/", "644"]]
    for source, target, mode in assets:
        found = [stripped] if source == "target/release/accordant" else sorted(ROOT.glob(source))
        assert found, f"the package lists {source}, which is not there"
        for path in found:
            to = tree / target / path.name if target.endswith("/") else tree / target
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, to)
            to.chmod(int(mode, 8))
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(
        f"Package: accordant\nVersion: {cargo['version']}\nArchitecture: all\nMaintainer: {deb['maintainer']}\nDescription: {cargo['description']}\n"
    )
    (control / "conffiles").write_text("".join(f"{path}\n" for path in deb["conf-files"]))
    for script in ("postinst", "postrm"):
        text = (DEPLOY / "debian" / script).read_text()
        assert "#DEBHELPER#" in text
        (control / script).write_text(text.replace("#DEBHELPER#", ""))
        (control / script).chmod(0o755)
    made, root = folder / "accordant.deb", folder / "root"
    # without compression, for which nobody waits
    output(["dpkg-deb", "-Znone", "--root-owner-group", "--build", tree, made])
    output(["dpkg-deb", "-x", made, root])
    listed = output(["dpkg-deb", "--info", made, "conffiles"])
    assert listed.split() == ["/etc/accordant/accordant.toml"], listed
    shutil.rmtree(tree)
    made.unlink()
    return root


@contextlib.contextmanager
def started_by_the_unit(root):
    """What systemd does with the unit, as far as that needs no systemd: command line, variables, folder, mask, and the word READY."""
    (line,) = unit("ExecStart")
    state = root / "var/lib" / unit("StateDirectory")[0]
    state.mkdir(parents=True, exist_ok=True)
    config = root / "etc/accordant/accordant.toml"
    # the paths of the package, below the root of the drill
    for path in ("/var/lib/accordant",):
        text = config.read_text()
        assert path in text
        config.write_text(text.replace(f"//{path}", f"//{root}{path}"))
    words = [str(root) + word if word.startswith("/") else word for word in shlex.split(line)]
    port = free_port()
    variables = dict(pair.split("=", 1) for pair in unit("Environment"))
    notify = root / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(notify))
        heard.settimeout(PATIENCE)
        more = {"NOTIFY_SOCKET": str(notify), "ACCORDANT_LISTEN": f"127.0.0.1:{port}", **variables}
        mask = int(unit("UMask")[0], 8)
        with running(words, env=environment(**more), cwd=state, umask=mask, stderr=subprocess.DEVNULL) as process:
            assert heard.recv(256).startswith(b"READY=1"), "systemd would wait for ever"
            yield f"http://127.0.0.1:{port}", process, state, heard


def install_and_lose(folder):
    root = package(folder)
    with started_by_the_unit(root) as (url, process, state, heard):
        assert request(f"{url}/readyz")[0] == 200, "it said that it is ready"
        content.fill(url)
        before, seen = digest(url), content.look(url)
        database = f"sqlite://{state}/accordant.db"
        assert (state / "accordant.db").stat().st_mode & 0o077 == 0
        report = json.loads(accordant("doctor", "--format", "json", "--database", database, "--listen", url.split("//")[1]))
        assert report["good"], report
        process.send_signal(signal.SIGHUP)
        assert heard.recv(256).startswith(b"RELOADING=1") and heard.recv(256).startswith(b"READY=1")
        accordant("backup", folder / "copy.db", "--database", database)
        process.kill()
        process.wait()
    # the machine is lost
    shutil.rmtree(root)
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    shutil.move(folder / "copy.db", elsewhere / "accordant.db")
    restored = f"sqlite://{elsewhere}/accordant.db"
    doctor(restored, "--thorough")
    with server(restored) as (url, _):
        assert digest(url) == before and content.look(url) == seen, "the copy is another registry"
        status, answer = request(f"{url}/subjects/after/versions", "POST", {"schema": '"string"'})
        assert status == 200, answer
    accordant("audit", "verify", "--database", restored)
    print("SQLite: installed, started by the unit, registered, backed up, killed, restored elsewhere: the same registry")


def lose_postgres(folder):
    with fresh_database(CLUSTER) as url:
        with server(url) as (registry, process):
            content.fill(registry)
            before, seen = digest(registry), content.look(registry)
            subprocess.run(["pg_dump", "--format=custom", f"--file={folder}/registry.dump", url], check=True)
            process.kill()
    with fresh_database(CLUSTER) as url:
        subprocess.run(["pg_restore", "--no-owner", f"--dbname={url}", folder / "registry.dump"], check=True)
        doctor(url)
        with server(url) as (registry, _):
            assert digest(registry) == before and content.look(registry) == seen, "the copy is another registry"
        accordant("audit", "verify", "--database", url)
    print("Postgres: registered, dumped, killed, restored into another database: the same registry")


def timeless(answer):
    """Without what is another in each database: times, and the guid of an association."""
    if isinstance(answer, list):
        return [timeless(one) for one in answer]
    if isinstance(answer, dict):
        own = {"ts", "createTs", "updateTs"} | ({"guid"} if "resourceName" in answer else set())
        return {key: timeless(value) for key, value in answer.items() if key not in own}
    return answer


def upgrade(name, database):
    """A database of an older release: this binary brings it to its own tables, and it is the registry that it was."""
    expected = json.loads((DATABASES / f"{name}.json").read_text())
    dry = subprocess.run([BINARY, "migrate-database", "--dry-run", "--database", database], env=environment(), capture_output=True, text=True)
    assert dry.returncode in (0, 3), dry.stderr
    accordant("migrate-database", "--database", database)
    assert "nothing to do" in accordant("migrate-database", "--dry-run", "--database", database)
    with server(database) as (url, _):
        found = content.look(url)
        assert digest(url) == expected["digest"], f"{name}: another digest"
        for target, answer in expected["answers"].items():
            assert timeless(found[target]) == answer, f"{name}: {target}: {found[target]} and not {answer}"
        # it is worked with: new ids come after the old ones, old contents are found, rules hold
        status, answer = request(f"{url}/subjects/new/versions", "POST", {"schema": '{"type":"fixed","name":"F","size":3}'})
        assert status == 200 and answer["id"] > expected["highest"], answer
        status, answer = request(f"{url}/subjects/money/versions", "POST", {"schema": content.MONEY})
        assert (status, answer["id"]) == (200, 1), answer
        refused = content.AVRO % ("Order", ',{"name":"x","type":"int"}')
        assert request(f"{url}/subjects/orders-value/versions", "POST", {"schema": refused})[0] == 409
        # what an older release could not search is found
        eventually("search", lambda: "orders-value" in json.dumps(request(f"{url}/accordant/v1/search?q=price")[1]))
    doctor(database)
    print(f"{name}: upgraded ({len(dry.stdout.splitlines()) if dry.returncode else 0} migrations), the same registry")


def upgrade_all(folder):
    names = sorted(path.name.removesuffix(".json") for path in DATABASES.glob("*.json"))
    assert names, "there are no databases of older releases"
    for name in names:
        file = folder / f"{name}.db"
        file.write_bytes(gzip.decompress((DATABASES / f"{name}.sqlite.gz").read_bytes()))
        file.chmod(0o600)
        upgrade(name, f"sqlite://{file}")
        if CLUSTER:
            with fresh_database(CLUSTER) as url:
                text = gzip.decompress((DATABASES / f"{name}.postgres.sql.gz").read_bytes())
                # commands to psql that older ones do not know
                text = re.sub(rb"^\\(un)?restrict .*$", b"", text, flags=re.MULTILINE)
                subprocess.run(["psql", "-q", "-v", "ON_ERROR_STOP=1", url], input=text, check=True, stdout=subprocess.DEVNULL)
                upgrade(name, url)


def fixture(folder, name, binary=BINARY):
    """The databases that a binary leaves, and what it says of them."""
    DATABASES.mkdir(exist_ok=True)
    file = folder / "registry.db"
    with server(f"sqlite://{file}", binary=binary) as (url, _):
        content.fill(url)
        answers, found = content.look(url), digest(url)
        highest = request(f"{url}/schemas/ids/1?fetchMaxId=true")[1]["maxId"]
    # a clean stop leaves one file
    (DATABASES / f"{name}.sqlite.gz").write_bytes(gzip.compress(file.read_bytes(), mtime=0))
    with fresh_database(CLUSTER) as database:
        with server(database, binary=binary) as (url, _):
            content.fill(url)
            assert digest(url) == found
        dump = ["pg_dump", "--no-owner", "--no-privileges", database]
        text = subprocess.run(dump, check=True, capture_output=True).stdout
    (DATABASES / f"{name}.postgres.sql.gz").write_bytes(gzip.compress(text, mtime=0))
    kept = {target: timeless(answer) for target, answer in answers.items() if target != "/v1/metadata/id"}
    expected = {"digest": found, "highest": highest, "answers": kept}
    (DATABASES / f"{name}.json").write_text(json.dumps(expected, indent=2) + "\n")


with tempfile.TemporaryDirectory() as folder:
    if sys.argv[1:2] == ["--fixture"]:
        fixture(pathlib.Path(folder), *sys.argv[2:])
    else:
        install_and_lose(pathlib.Path(folder))
        if CLUSTER:
            lose_postgres(pathlib.Path(folder))
        upgrade_all(pathlib.Path(folder))
