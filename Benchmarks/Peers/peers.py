"""Runs the same work on invd and on its peers, in turn, and writes the results.

    peers.py --rounds 5 --seconds 3 --out Benchmarks

Each measurement starts a new server. A round runs every measurement once, so that a slow period of the
machine affects all of them. The results are the median over the rounds, and the spread.
"""

import argparse
import csv
import glob
import io
import json
import os
import subprocess
import sys
import tempfile
import time

import report
import servers

SECONDS = 3


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


# --- invd


def bench(port, *arguments):
    command = [
        os.path.join(servers.RELEASE, "invctl"), "bench", *arguments, "--seconds", str(SECONDS),
        "--server", f"127.0.0.1:{port}", "--output", "json",
    ]
    return json.loads(run(command).strip().splitlines()[-1])


def invd_work(*arguments):
    with servers.invd() as port:
        found = bench(port, *arguments)
    return {
        "perSecond": found["perSecond"], "p50": found["p50Microseconds"],
        "p99": found["p99Microseconds"],
    }


def invd_sale(connections, depth, batch=1):
    return invd_work(
        "sell", "--connections", str(connections), "--depth", str(depth), "--batch", str(batch)
    )


def invd_get(connections, depth, *more):
    return invd_work("get", "--connections", str(connections), "--depth", str(depth), *more)


def invd_fanout(rate, subscribers=1000):
    with servers.invd() as port:
        found = bench(
            port, "subscribe", "--connections", "1", "--depth", "256", "--rate", str(rate),
            "--subscribers", str(subscribers),
        )
    return {
        "perSecond": found["deliveredPerSecond"], "p50": found["delivery_p50Microseconds"],
        "p99": found["delivery_p99Microseconds"],
    }


def invd_end_to_end():
    """A sale's reply and its event are sent together, so the sale's round trip equals the event's latency."""
    with servers.invd() as port:
        found = bench(port, "subscribe", "--connections", "1", "--depth", "1", "--subscribers", "1")
    return {
        "perSecond": found["perSecond"], "p50": found["p50Microseconds"],
        "p99": found["p99Microseconds"],
    }


# --- Redis


def redis_benchmark(port, connections, depth, *command):
    """Runs for about as long as the others at any speed: a short trial determines the count."""
    common = ["redis-benchmark", "-p", str(port), "-c", str(connections), "-P", str(depth), "-r", "1000"]

    def measure(count):
        text = run([*common, "-n", str(count), "--csv", *command])
        row = list(csv.DictReader(io.StringIO(text)))[-1]
        return {
            "perSecond": float(row["rps"]), "p50": float(row["p50_latency_ms"]) * 1000,
            "p99": float(row["p99_latency_ms"]) * 1000,
        }

    step = connections * depth
    first = measure(max(2000, step * 10))
    count = int(first["perSecond"] * SECONDS)
    return measure(max(step * 20, count - count % step))


def redis_sale(fsync, connections, depth):
    with servers.redis(fsync) as port:
        return redis_benchmark(
            port, connections, depth, "FCALL", "sell", "1", "product:__rand_int__", "1"
        )


def redis_get(connections, depth):
    with servers.redis("everysec") as port:
        return redis_benchmark(port, connections, depth, "HGETALL", "product:__rand_int__")


# --- PostgreSQL


def pgbench(script, connections, per_transaction=1):
    with servers.postgres() as (socket, port), tempfile.TemporaryDirectory() as logs:
        mode = "extended" if "pipeline" in script else "prepared"
        text = run([
            "pgbench", "-n", "-M", mode, "-c", str(connections), "-j", str(min(2, connections)),
            "-T", str(SECONDS), "-f", os.path.join(servers.HERE, script), "-h", socket,
            "-p", str(port), "-U", "postgres", "-l", "--log-prefix", os.path.join(logs, "log"),
            "postgres",
        ])
        latencies = []
        for path in glob.glob(os.path.join(logs, "log*")):
            with open(path) as lines:
                latencies += [int(line.split()[2]) for line in lines]
    latencies.sort()
    line = next(line for line in text.splitlines() if line.startswith("tps"))
    return {
        "perSecond": float(line.split()[2]) * per_transaction,
        "p50": latencies[len(latencies) // 2], "p99": latencies[len(latencies) * 99 // 100],
    }


# --- Fan-out


def fanout(driver, kind, port, rate):
    text = run([driver, kind, str(port), "1000", str(SECONDS), str(rate)])
    delivered, p50, p99, _ = (float(value) for value in text.split())
    return {"perSecond": delivered, "p50": p50, "p99": p99}


def redis_fanout(driver, rate):
    with servers.redis("everysec") as port:
        return fanout(driver, "redis", port, rate)


def nats_fanout(driver, rate):
    with servers.nats() as port:
        return fanout(driver, "nats", port, rate)


def flask_end_to_end(python):
    with servers.flask(python) as port:
        text = run([python, os.path.join(servers.HERE, "flask_stack.py"), "measure", str(port), str(SECONDS)])
    rate, p50, p99 = (float(value) for value in text.split())
    return {"perSecond": rate, "p50": p50, "p99": p99}


# --- The measurements


def programme(driver, python):
    """Work, setting, system, and the measuring function; invd's rows come first in each setting."""
    rows = []
    for connections, depth in [(64, 16), (8, 64), (8, 256), (1, 1)]:
        setting = f"{connections} × {depth}"
        rows.append(("sale", setting, "invd", lambda c=connections, d=depth: invd_sale(c, d)))
        for fsync in ["everysec", "always"]:
            name = f"Redis, AOF {fsync}"
            rows.append((
                "sale", setting, name,
                lambda f=fsync, c=connections, d=depth: redis_sale(f, c, d),
            ))
    rows += [
        ("sale", "64 × 16", "PostgreSQL", lambda: pgbench("sale.sql", 64)),
        ("sale", "64 × 16", "PostgreSQL, with notify", lambda: pgbench("sale-notify.sql", 64)),
        ("sale", "8 × 64", "PostgreSQL", lambda: pgbench("sale.sql", 8)),
        ("sale", "8 × 64", "PostgreSQL, 16 sales a transaction",
         lambda: pgbench("sale-pipeline16.sql", 8, 16)),
        ("sale", "1 × 1", "PostgreSQL", lambda: pgbench("sale.sql", 1)),
        ("sale in batches of 100", "4 × 32", "invd", lambda: invd_sale(4, 32, 100)),
        ("read of a product", "50 × 64", "invd, by id", lambda: invd_get(50, 64)),
        ("read of a product", "50 × 64", "invd, by SKU", lambda: invd_get(50, 64, "--sku")),
        ("read of a product", "50 × 64", "Redis HGETALL", lambda: redis_get(50, 64)),
        ("read of a product", "50 × 64", "PostgreSQL, prepared", lambda: pgbench("read.sql", 50)),
        ("read of a product", "1 × 1", "invd, by id", lambda: invd_get(1, 1)),
        ("read of a product", "1 × 1", "Redis HGETALL", lambda: redis_get(1, 1)),
        ("read of a product", "1 × 1", "PostgreSQL, prepared", lambda: pgbench("read.sql", 1)),
        ("1,000 subscribers", "10,000 changes/s", "invd", lambda: invd_fanout(10_000)),
        ("1,000 subscribers", "5,000 changes/s", "invd", lambda: invd_fanout(5_000)),
        ("1,000 subscribers", "500 changes/s", "invd", lambda: invd_fanout(500)),
        ("1,000 subscribers", "500 changes/s", "Redis pub/sub", lambda: redis_fanout(driver, 500)),
        ("1,000 subscribers", "500 changes/s", "NATS core", lambda: nats_fanout(driver, 500)),
        ("1,000 subscribers", "as fast as it goes", "Redis pub/sub", lambda: redis_fanout(driver, 0)),
        ("1,000 subscribers", "as fast as it goes", "NATS core", lambda: nats_fanout(driver, 0)),
        ("an update to another client", "one at a time", "invd", invd_end_to_end),
        ("an update to another client", "one at a time", "Flask-SocketIO + DuckDB",
         lambda: flask_end_to_end(python)),
    ]
    return rows


class Quiet:
    """Waits until the machine is otherwise idle, for `seconds` in total."""

    def __init__(self, seconds):
        self.left = seconds
        self.busy_starts = 0

    @staticmethod
    def idle_share():
        before = report.BusyClock.read()
        time.sleep(0.3)
        spent = [now - then for now, then in zip(report.BusyClock.read(), before)]
        return (spent[3] + spent[4]) / max(1, sum(spent))

    def wait(self):
        while self.idle_share() < 0.8:
            if self.left <= 0:
                self.busy_starts += 1
                return
            time.sleep(0.7)
            self.left -= 1


def main():
    global SECONDS
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--driver", required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--add", action="store_true",
                        help="keep the samples in results.json, and add to them")
    parser.add_argument("--patience", type=int, default=300,
                        help="total seconds to wait for an otherwise idle machine")
    parser.add_argument("--only", default="",
                        help="only rows whose work, setting or system contains one of these strings: a,b")
    options = parser.parse_args()
    SECONDS = options.seconds
    rows = [
        row for row in programme(options.driver, options.python)
        if any(text in part for text in options.only.split(",") for part in row[:3])
    ]
    samples = [[] for _ in rows]
    failures = []
    earlier = report.earlier(options.out) if options.add else None
    if earlier:
        failures += earlier["failures"]
        for index, row in enumerate(rows):
            for old in earlier["results"]:
                if (old["work"], old["setting"], old["system"]) == row[:3]:
                    samples[index] += old["samples"]
    busy = report.BusyClock()
    quiet = Quiet(options.patience)
    for round_number in range(1, options.rounds + 1):
        for index, (work, setting, system, measure) in enumerate(rows):
            quiet.wait()
            before = time.monotonic()
            try:
                samples[index].append(measure())
                result = f"{samples[index][-1]['perSecond']:,.0f}/s"
            except Exception as error:  # A failing peer is reported, and the others continue.
                failures.append(f"{work}, {setting}, {system}, round {round_number}: {error}")
                result = f"failed: {error}"
            took = time.monotonic() - before
            print(f"{round_number} {work} | {setting} | {system}: {result} ({took:.1f} s)", flush=True)
    facts = {**busy.facts(), "startsOnABusyMachine": quiet.busy_starts}
    rounds = options.rounds
    if earlier:
        facts["startsOnABusyMachine"] += earlier["busy"]["startsOnABusyMachine"]
        rounds += earlier["rounds"]
    report.write(options.out, rows, samples, rounds, options.seconds, failures, facts)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
