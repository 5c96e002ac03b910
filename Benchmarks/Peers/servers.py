"""Starts each server on a new directory, and always stops it again."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RELEASE = os.path.join(ROOT, ".build", "release")

# A measurement that is terminated stops its servers too.
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(port, process, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"a server ended with {process.returncode} before it listened")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing listens at port {port}")


@contextlib.contextmanager
def directory():
    """A new directory on the repository's disk, so that a sync is a real one."""
    os.makedirs(os.path.join(ROOT, ".run"), exist_ok=True)
    path = tempfile.mkdtemp(prefix="peers-", dir=os.path.join(ROOT, ".run"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextlib.contextmanager
def running(command, port, **options):
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options
    )
    try:
        await_port(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def invd():
    port = free_port()
    with directory() as path:
        command = [
            os.path.join(RELEASE, "invd"), "--data-dir", os.path.join(path, "db"),
            "--listen", f"127.0.0.1:{port}",
        ]
        with running(command, port):
            yield port


REDIS_FIELDS = [
    "sku", "bench-1", "name", "Bench product 1", "category", "1", "price", "1999", "stock",
    "100000000000", "reorder", "10", "unit", "pcs", "updated", "1700000000000000",
]


@contextlib.contextmanager
def redis(fsync):
    """Append-only file synced every second, or always; no snapshots and no rewrites meanwhile."""
    port = free_port()
    with directory() as path:
        command = [
            "redis-server", "--port", str(port), "--dir", path, "--save", "", "--appendonly", "yes",
            "--appendfsync", fsync, "--auto-aof-rewrite-percentage", "0",
            "--client-output-buffer-limit", "pubsub 0 0 0", "--maxclients", "10000",
        ]
        with running(command, port):
            with open(os.path.join(HERE, "sale.lua"), "rb") as code:
                load = subprocess.run(
                    ["redis-cli", "-p", str(port), "-x", "FUNCTION", "LOAD"],
                    stdin=code, capture_output=True, check=True,
                )
            if load.stdout.strip() != b"shop":
                raise RuntimeError(f"redis did not accept the function: {load.stdout}")
            lines = "".join(
                f'HSET product:{number:012d} {" ".join(repr(field) for field in REDIS_FIELDS)}\n'
                for number in range(1000)
            )
            subprocess.run(
                ["redis-cli", "-p", str(port)], input=lines.encode(), check=True,
                stdout=subprocess.DEVNULL,
            )
            yield port


POSTGRES_SETTINGS = {
    "fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "shared_buffers": "1GB",
    "max_wal_size": "8GB", "checkpoint_timeout": "30min", "max_connections": "200",
    "autovacuum": "on", "listen_addresses": "127.0.0.1", "wal_level": "minimal",
    "max_wal_senders": "0", "commit_delay": "0",
}


def postgres_bin():
    base = "/usr/lib/postgresql"
    newest = max(os.listdir(base), key=int)
    return os.path.join(base, newest, "bin")


@contextlib.contextmanager
def postgres():
    """Default durability; clients use its Unix socket, its fastest transport."""
    port = free_port()
    base = tempfile.mkdtemp(prefix="peers-postgres-")
    user = pwd.getpwnam("postgres")
    os.chown(base, user.pw_uid, user.pw_gid)
    data = os.path.join(base, "db")
    as_postgres = {"user": user.pw_uid, "group": user.pw_gid, "cwd": base}
    try:
        subprocess.run(
            [os.path.join(postgres_bin(), "initdb"), "-D", data, "-A", "trust"],
            check=True, stdout=subprocess.DEVNULL, **as_postgres,
        )
        command = [os.path.join(postgres_bin(), "postgres"), "-D", data, "-p", str(port), "-k", base]
        for name, value in POSTGRES_SETTINGS.items():
            command += ["-c", f"{name}={value}"]
        with running(command, port, **as_postgres):
            subprocess.run(
                ["psql", "-q", "-h", base, "-p", str(port), "-U", "postgres", "-f",
                 os.path.join(HERE, "schema.sql")],
                check=True, stdout=subprocess.DEVNULL,
            )
            yield base, port
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextlib.contextmanager
def nats():
    port = free_port()
    with running(["nats-server", "-a", "127.0.0.1", "-p", str(port)], port):
        yield port


@contextlib.contextmanager
def flask(python):
    port = free_port()
    with directory() as path:
        command = [
            python, os.path.join(HERE, "flask_stack.py"), "serve", str(port),
            os.path.join(path, "shop.duckdb"),
        ]
        with running(command, port):
            yield port
