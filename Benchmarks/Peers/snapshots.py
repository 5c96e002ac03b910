"""Sales during snapshots: at full speed and at a steady rate, in turns without snapshots and with consecutive
ones, on a database of a million products and ten million sales.

    snapshots.py --scale PATH --out Benchmarks [--products 1000000] [--sales 10000000] [--rounds 3]

Writes SNAPSHOTS.md and snapshots.json.
"""

import argparse
import json
import os
import statistics
import threading
import time

import report
import servers
import size

LOADS = {
    "full speed, 8 × 64": ["--connections", "8", "--depth", "64"],
    "50,000/s, each counted from when it was due": ["--connections", "8", "--depth", "64", "--rate", "50000"],
}
FIGURES = ["perSecond", "p50Microseconds", "p99Microseconds", "p999Microseconds", "maxMicroseconds"]


class Snapshots:
    """Takes one snapshot after another until the block ends."""

    def __init__(self, port):
        self.port = port
        self.count = 0
        self.isOver = threading.Event()
        self.thread = threading.Thread(target=self.take)

    def take(self):
        while not self.isOver.is_set():
            size.invctl(self.port, "snapshot")
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.isOver.set()
        self.thread.join()


def stall(port):
    rows = json.loads(size.invctl(port, "stats"))
    rows = rows.get("rows", rows) if isinstance(rows, dict) else rows
    return next(row["value"] for row in rows if row["name"] == "snapshotStallMicrosecondsMax")


def measure(port, rounds):
    rows = []
    for name, load in LOADS.items():
        row = {"load": name, "alone": [], "snapshots": [], "taken": 0}
        for _ in range(rounds):
            row["alone"].append(size.bench(port, "sell", *load))
            with Snapshots(port) as taking:
                row["snapshots"].append(size.bench(port, "sell", *load))
            row["taken"] += taking.count
        rows.append(row)
        print(row, flush=True)
    return rows


def page(document):
    lines = [
        "# Sales during snapshots", "",
        f"On {document['products']:,} products and {document['sales']:,} sales; medians of {document['rounds']} rounds "
        f"in turns. From `Benchmarks/Peers/run.sh snapshots`, invd {document['invd']}, {document['at']}; "
        f"{document['machine']['processor']}, {document['machine']['cores']} cores.", "",
        "| load | | " + " | ".join(FIGURES) + " |", "|---|---|" + "---|" * len(FIGURES),
    ]
    for row in document["rows"]:
        for side in ("alone", "snapshots"):
            cells = [f"{statistics.median(run[figure] for run in row[side]):,.0f}" for figure in FIGURES]
            words = side if side == "alone" else f"with {row['taken']} snapshots"
            lines.append(f"| {row['load']} | {words} | " + " | ".join(cells) + " |")
    lines += ["", f"The longest stall of the engine for a snapshot: {document['stallMicroseconds']} µs."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--sales", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with servers.directory() as base:
        path = os.path.join(base, "db")
        size.run([options.scale, path, str(options.products), str(options.sales)])
        with size.invd_on(path) as (port, _, _):
            rows = measure(port, options.rounds)
            longest = stall(port)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": report.machine(),
        "invd": report.sources(), "rounds": options.rounds,
        "products": options.products, "sales": options.sales, "stallMicroseconds": longest, "rows": rows,
    }
    with open(os.path.join(options.out, "snapshots.json"), "w") as file:
        json.dump(document, file, indent=1)
    with open(os.path.join(options.out, "SNAPSHOTS.md"), "w") as file:
        file.write(page(document))


if __name__ == "__main__":
    main()
