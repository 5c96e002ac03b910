"""A till and a thousand subscribers while millions of past sales are imported, in three settings, in turns.

    till.py --out Benchmarks [--invd NAME=PATH …] [--rounds 1] [--subscribers 1000] [--sales 5000000] [--silent 200]

Each measurement has its own server on a new directory. `--invd before=/path/to/invd` measures another
version's server as well; settings that it does not support are omitted. Writes TILL.md and till.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import report
import servers

# The additional arguments of `invctl bench till` for each setting.
SETTINGS = {
    "all conflated, 10 a second": lambda options: ["--conflate", "10"],
    "all asking for every change": lambda options: [],
    "the same, and more that never read": lambda options: ["--silent", str(options.silent)],
}
AIMS = [
    ("ping_p99Microseconds", "till, ping p99 µs", "≤ 20,000"),
    ("ping_maxMicroseconds", "till, ping max µs", "≤ 100,000"),
    ("read_p99Microseconds", "till, read p99 µs", "≤ 20,000"),
    ("read_maxMicroseconds", "till, read max µs", "≤ 100,000"),
    ("sale_p99Microseconds", "till, sale p99 µs", "≤ 20,000"),
    ("sale_maxMicroseconds", "till, sale max µs", "≤ 100,000"),
    ("alonePerSecond", "import alone, sales/s", ""),
    ("importPerSecond", "import beside, sales/s", ""),
    ("sharePercent", "import, % of alone", "≥ 50"),
    ("delivery_p50Microseconds", "delivery p50 µs", ""),
    ("delivery_p99Microseconds", "delivery p99 µs", "≤ 250,000 if conflated"),
    ("deliveries", "deliveries", ""),
    ("deliveredPerSecond", "deliveries/s, from the import's start", ""),
    ("catchUpMilliseconds", "caught up after the import, ms", ""),
    ("caughtUpPerSecond", "deliveries/s, catching up", "≥ 20,000,000 if not conflated"),
    ("copiesRight", "replicas with the right checksum", "all"),
    ("failures", "failures", "0"),
    ("serverPeakBytes", "server's peak memory, bytes", ""),
]


def measure(invd, invctl, arguments, options):
    """Returns the figures of one run, or None if the server or the load does not support the setting."""
    port = servers.free_port()
    with servers.directory() as path:
        command = [invd, "--data-dir", os.path.join(path, "db"), "--listen", f"127.0.0.1:{port}"]
        with servers.running(command, port) as server:
            done = subprocess.run(
                [
                    invctl, "bench", "till", "--server", f"127.0.0.1:{port}", "--output", "json",
                    "--subscribers", str(options.subscribers), "--sales", str(options.sales),
                    "--pid", str(server.pid), *arguments,
                ],
                capture_output=True, text=True, timeout=options.seconds,
            )
    for line in done.stdout.splitlines():
        if line.startswith("{"):
            return json.loads(line)
    print(f"{invd}, {' '.join(arguments)}: {done.stderr.strip()}", flush=True)
    return None


def page(document):
    lines = [
        "# A till, many subscribers and a bulk import", "",
        f"{document['subscribers']:,} subscribers to all stock, {document['sales']:,} sales of 500 products imported at "
        f"full speed, a till that sends 150 requests a second; in the third setting {document['silent']} more connections "
        "that subscribe and never read. The till's latencies count from when a request was due. Medians of "
        f"{document['rounds']} rounds in turns, each on a newly started server; server and load share the machine. From "
        f"`Benchmarks/Peers/run.sh till`, invd {document['invd']}, {document['at']}; "
        f"{document['machine']['processor']}, {document['machine']['cores']} cores.", "",
    ]
    for setting in SETTINGS:
        rows = [row for row in document["rows"] if row["setting"] == setting]
        if not rows:
            continue
        lines += [
            f"## {setting[0].upper()}{setting[1:]}", "",
            "| | aim | " + " | ".join(row["server"] for row in rows) + " |",
            "|---|---|" + "---|" * len(rows),
        ]
        turns = [key for key in rows[-1]["runs"][0] if "turn" in key.lower()]
        for key, name, aim in AIMS + [(key, key, "") for key in turns]:
            cells = []
            for row in rows:
                values = [run[key] for run in row["runs"] if key in run]
                cells.append(f"{statistics.median(values):,.0f}" if values else "")
            lines.append(f"| {name} | {aim} | " + " | ".join(cells) + " |")
        lines.append("")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--invd", action="append", metavar="NAME=PATH")
    parser.add_argument("--invctl", default=os.path.join(servers.RELEASE, "invctl"))
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--subscribers", type=int, default=1_000)
    parser.add_argument("--sales", type=int, default=5_000_000)
    parser.add_argument("--silent", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=3_600, help="the maximum time of one measurement")
    options = parser.parse_args()
    programs = dict(
        each.split("=", 1) for each in options.invd or [f"invd={os.path.join(servers.RELEASE, 'invd')}"]
    )
    runs = {}
    for _ in range(options.rounds):
        for setting, arguments in SETTINGS.items():
            for name, invd in programs.items():
                figures = measure(invd, options.invctl, arguments(options), options)
                if figures is None:
                    continue
                runs.setdefault((setting, name), []).append(figures)
                print(setting, name, json.dumps(figures), flush=True)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": report.machine(),
        "invd": report.sources(), "rounds": options.rounds, "subscribers": options.subscribers,
        "sales": options.sales, "silent": options.silent,
        "rows": [
            {"setting": setting, "server": name, "runs": list(figures)}
            for (setting, name), figures in runs.items()
        ],
    }
    with open(os.path.join(options.out, "till.json"), "w") as file:
        json.dump(document, file, indent=1)
    with open(os.path.join(options.out, "TILL.md"), "w") as file:
        file.write(page(document))


if __name__ == "__main__":
    main()
