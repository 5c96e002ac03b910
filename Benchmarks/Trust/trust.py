"""Flips a bit, truncates a log, fills the disk, and records the answers of each system.

Each system writes RECORDS records, each acknowledged with its safest setting, idles for a second, and is
killed. Then, on a copy each time:

  bit   one bit of its log is flipped, it is started and all records are read
  cut   the log is truncated at a random byte of its last tenth, as a power cut may leave it
  full  it writes to a small file system until that is full, then gets free space again

"silent" must never happen: it answers normally, but a record is missing or different. "refused" is an
error that an operator sees.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RELEASE = os.path.join(ROOT, ".build", "release")
RECORDS = 200


def value(number):
    return f"record-{number}-" + "x" * 40


EXPECTED = [value(number) for number in range(RECORDS)]


class Refused(Exception):
    """The system reports an error."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """A server process on a directory, stopped at the end of the block."""

    def __init__(self, command, port, **options):
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
        )
        end = time.monotonic() + 10
        while True:
            if self.process.poll() is not None:
                raise Refused("it does not start")
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            if time.monotonic() > end:
                self.kill()
                raise Refused("it does not listen")
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    @property
    def is_running(self):
        return self.process.poll() is None


class Lines:
    """A socket read by lines and byte counts."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 5)
        self.socket.settimeout(5)
        self.file = self.socket.makefile("rb")

    def send(self, data):
        self.socket.sendall(data)

    def line(self):
        line = self.file.readline()
        if not line:
            raise Refused("it closed the connection")
        return line.rstrip(b"\r\n")

    def close(self):
        self.file.close()
        self.socket.close()


class Invd:
    name = "invd"
    setting = "as it comes: synced before the reply"

    def start(self, path):
        self.port = free_port()
        return Daemon(
            [
                f"{RELEASE}/invd", "--data-dir", path, "--listen", f"127.0.0.1:{self.port}",
                "--log-file-mib", "1",
            ],
            self.port,
        )

    def invctl(self, *words):
        done = subprocess.run(
            [f"{RELEASE}/invctl", *words, "--timeout", "5"],
            capture_output=True, text=True, timeout=20,
            env=os.environ | {"INVCTL_SERVER": f"127.0.0.1:{self.port}"},
        )
        if done.returncode:
            raise Refused(done.stderr)
        return done.stdout

    def prepare(self):
        self.invctl("category", "add", "All")
        self.invctl(
            "product", "add", "--sku", "P", "--name", "Product", "--category", "All",
            "--price", "1", "--opening", "9999999",
        )

    def write(self, number):
        self.invctl("sell", "P=1", "--ref", value(number))

    def read(self):
        rows = self.invctl("ledger", "list", "--kind", "sale", "-o", "ndjson", "--oldest-first").splitlines()
        return [json.loads(row)["reference"] for row in rows]

    def logs(self, path):
        return [
            f"{path}/{name}"
            for name in os.listdir(path)
            if name.startswith("log-") and name.endswith(".invlog")
        ]


class Redis:
    name = "Redis 7"
    setting = "appendonly yes, appendfsync always"

    def start(self, path):
        self.port = free_port()
        daemon = Daemon(
            [
                "redis-server", "--port", str(self.port), "--dir", path, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always",
            ],
            self.port,
        )
        self.lines = Lines(self.port)
        return daemon

    def call(self, *words):
        parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
        self.lines.send(f"*{len(words)}\r\n{''.join(parts)}".encode())
        return self.reply()

    def reply(self):
        line = self.lines.line()
        if line[:1] == b"-":
            raise Refused(line.decode())
        if line[:1] == b"*":
            return [self.reply() for _ in range(int(line[1:]))]
        if line[:1] == b"$":
            count = int(line[1:])
            return None if count < 0 else self.lines.file.read(count + 2)[:-2].decode(errors="replace")
        return line[1:].decode()

    def prepare(self):
        pass

    def write(self, number):
        self.call("RPUSH", "records", value(number))

    def read(self):
        return self.call("LRANGE", "records", "0", "-1")

    def logs(self, path):
        folder = f"{path}/appendonlydir"
        return [f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".incr.aof")]


class Embedded:
    """A library in a child process, which receives commands line by line."""

    def start(self, path):
        self.path = path
        return _Child([sys.executable, os.path.join(HERE, "embedded.py"), self.kind, path], self)

    def call(self, word):
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline().rstrip("\n")
        if not line.startswith("ok"):
            raise Refused(line or "it ended")
        return line[3:]

    def prepare(self):
        self.call("prepare")

    def write(self, number):
        self.call(f"write {value(number)}")

    def read(self):
        return json.loads(self.call("read"))

    def logs(self, path):
        return [f"{path}/{name}" for name in os.listdir(path) if name.endswith("wal")]


class _Child:
    def __init__(self, command, system):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        system.child = self.process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    kill = __exit__

    @property
    def is_running(self):
        return self.process.poll() is None


class SQLite(Embedded):
    name = f"SQLite {sqlite3.sqlite_version}"
    setting = "WAL, synchronous=FULL"
    kind = "sqlite"


class DuckDB(Embedded):
    name = "DuckDB"
    setting = "as it comes"
    kind = "duckdb"


class Nats:
    name = "NATS JetStream"
    setting = "file storage (2.9 has no setting for syncs)"

    def start(self, path):
        self.port = free_port()
        configuration = os.path.join(path, "server.conf")
        with open(configuration, "w") as file:
            file.write(
                f'listen: "127.0.0.1:{self.port}"\n'
                f'jetstream {{ store_dir: "{path}/js" }}\n'
            )
        daemon = Daemon(["nats-server", "-c", configuration], self.port)
        self.lines = Lines(self.port)
        self.lines.line()
        self.lines.send(b'CONNECT {"verbose":false}\r\nSUB reply 1\r\nPING\r\n')
        while self.lines.line() != b"PONG":
            pass
        return daemon

    def request(self, subject, body):
        body = body.encode()
        self.lines.send(b"PUB %s reply %d\r\n%s\r\n" % (subject.encode(), len(body), body))
        while True:
            line = self.lines.line()
            if line == b"PING":
                self.lines.send(b"PONG\r\n")
            elif line.startswith(b"MSG"):
                count = int(line.split()[-1])
                answer = json.loads(self.lines.file.read(count + 2))
                if "error" in answer:
                    raise Refused(str(answer["error"]))
                return answer

    def prepare(self):
        stream = {"name": "R", "subjects": ["records"], "storage": "file"}
        self.request("$JS.API.STREAM.CREATE.R", json.dumps(stream))

    def write(self, number):
        self.request("records", value(number))

    def read(self):
        import base64

        state = self.request("$JS.API.STREAM.INFO.R", "")["state"]
        records = []
        for sequence in range(state["first_seq"] or 1, state["last_seq"] + 1):
            with contextlib.suppress(Refused):
                message = self.request("$JS.API.STREAM.MSG.GET.R", json.dumps({"seq": sequence}))
                records.append(base64.b64decode(message["message"]["data"]).decode(errors="replace"))
        return records

    def logs(self, path):
        return [
            os.path.join(folder, name)
            for folder, _, names in os.walk(path)
            for name in names
            if name.endswith(".blk")
        ]


SYSTEMS = [Invd, Redis, SQLite, DuckDB, Nats]


@contextlib.contextmanager
def directory(prefix):
    os.makedirs(os.path.join(ROOT, ".run"), exist_ok=True)
    path = tempfile.mkdtemp(prefix=prefix, dir=os.path.join(ROOT, ".run"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def used_byte_count(path):
    with open(path, "rb") as file:
        return len(file.read().rstrip(b"\0"))


def flip(path, randomness):
    logs = path["logs"]
    weights = [used_byte_count(log) for log in logs]
    log = randomness.choices(logs, weights)[0]
    with open(log, "r+b") as file:
        held = file.read()
        # Padding is never read.
        offset = randomness.choice([index for index, byte in enumerate(held) if byte])
        byte = held[offset]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << randomness.randrange(8)]))


def cut(path, randomness):
    """Truncates the newest log; if files have a fixed size, zeros follow."""
    log = max(path["logs"])
    used = used_byte_count(log)
    size = os.path.getsize(log)
    offset = randomness.randrange(used * 9 // 10, used)
    with open(log, "r+b") as file:
        file.truncate(offset)
        if size > used:
            file.truncate(size)


def trial(system, template, damage, randomness):
    with directory("trust-") as folder:
        path = os.path.join(folder, "data")
        shutil.copytree(template, path)
        damage({"logs": system.logs(path)}, randomness)
        try:
            with system.start(path):
                found = system.read()
        except (Refused, OSError, subprocess.TimeoutExpired, json.JSONDecodeError):
            return "refused"
        if found == EXPECTED:
            return "whole"
        return "prefix" if found == EXPECTED[: len(found)] else "silent"


def damaged(system, trials, seed):
    """Returns the results of flips, and of cuts."""
    with directory("trust-") as folder:
        template = os.path.join(folder, "data")
        os.makedirs(template)
        with system.start(template):
            system.prepare()
            for number in range(RECORDS):
                system.write(number)
            time.sleep(1)
        randomness = random.Random(seed)
        flips = [trial(system, template, flip, randomness) for _ in range(trials)]
        cuts = [trial(system, template, cut, randomness) for _ in range(trials)]
        return flips, cuts


def full(system):
    """The effect of a full disk: on the process, on reads, and on writes once there is space."""
    with directory("trust-") as folder:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], check=True)
        try:
            path = os.path.join(folder, "data")
            os.makedirs(path)
            with system.start(path) as daemon:
                system.prepare()
                for number in range(20):
                    system.write(number)
                ballast = os.path.join(folder, "ballast")
                with open(ballast, "wb", buffering=0) as file, contextlib.suppress(OSError):
                    while file.write(b"\0" * 65536):
                        pass
                written, error = 20, "never refused"
                end = time.monotonic() + 60
                while time.monotonic() < end:
                    try:
                        system.write(written)
                        written += 1
                    except (Refused, OSError, subprocess.TimeoutExpired) as problem:
                        error = str(problem).strip().splitlines()[0][:60] or "no message"
                        break
                reads = "reads fail"
                with contextlib.suppress(Refused, OSError, subprocess.TimeoutExpired, ValueError):
                    found = system.read()
                    reads = "reads continue" if found[:written] == [value(n) for n in range(written)] else "reads are wrong"
                os.remove(ballast)
                time.sleep(1)
                writes = "writes stay refused"
                with contextlib.suppress(Refused, OSError, subprocess.TimeoutExpired):
                    system.write(written)
                    writes = "writes continue"
                alive = "runs" if daemon.is_running else "ended"
                return f"{alive}; {reads}; {writes}; said: {error}"
        finally:
            subprocess.run(["umount", "-l", folder], check=False)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    import duckdb

    def said(*command):
        return subprocess.run(command, capture_output=True, text=True, cwd=HERE).stdout.strip()

    print("# Behaviour on disk faults\n")
    print(
        f"{RECORDS} acknowledged records, a second idle, kill -9; then {options.trials} trials "
        f"of each damage, seed {options.seed}. From `Benchmarks/Trust/run.sh`, commit "
        f"{said('git', 'rev-parse', '--short', 'HEAD')}; {said(f'{RELEASE}/invd', '--version')}, "
        f"{said('redis-server', '--version').split(' sha')[0]}, SQLite {sqlite3.sqlite_version}, "
        f"DuckDB {duckdb.__version__}, {said('nats-server', '--version')}.\n"
    )
    print(
        "| system | setting | bit flipped: silent | refused | whole "
        "| cut off: silent | refused | a prefix | whole | full disk |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for kind in SYSTEMS:
        system = kind()
        if options.only.lower() not in system.name.lower():
            continue
        flips, cuts = damaged(system, options.trials, options.seed)
        # After a flip every record was long acknowledged: a prefix is a silent loss.
        silent = flips.count("silent") + flips.count("prefix")
        print(
            f"| {system.name} | {system.setting} | {silent} | {flips.count('refused')} | "
            f"{flips.count('whole')} | {cuts.count('silent')} | {cuts.count('refused')} | "
            f"{cuts.count('prefix')} | {cuts.count('whole')} | {full(kind())} |",
            flush=True,
        )
    print(
        """
**Silent**: it answers normally, but a record is missing or different. **Refused**: an error that an
operator sees. **Whole**: every record exists, restored or untouched. **A prefix**: after a cut, the
records before it: no system here can distinguish a log that lost its end from a shorter one. A flip hits
a byte that is not zero, since padding is never read."""
    )


if __name__ == "__main__":
    main()
