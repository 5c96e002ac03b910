"""Compares two versions of invd and invctl by pairs: each measurement of one is followed by one of the other.

    pairs.py OLD NEW [--pairs 30] [--seconds 2] [--results FILE] [--out Benchmarks]

OLD and NEW are directories with `invd` and `invctl`, built for release. Each version has its own server, which runs
throughout; the order within a pair alternates, so that a drift of the machine favours neither. Every pair is appended to
FILE at once, and a later call with the same FILE adds to it. Writes PAIRS.md: for each load the median of the ratios
new / old, and the interval that holds it with a probability of 95 % (bootstrap over the pairs, 10,000 samples of a
fixed seed).
"""

import argparse
import json
import os
import random
import statistics
import subprocess

import report
import servers

LOADS = {
    "sell": ["bench", "sell", "--connections", "8", "--depth", "64"],
    "get": ["bench", "get", "--connections", "50", "--depth", "64"],
}


def rate(programs, port, load, seconds):
    done = subprocess.run(
        [os.path.join(programs, "invctl"), *LOADS[load], "--seconds", str(seconds), "-o", "json",
         "--server", f"127.0.0.1:{port}"],
        capture_output=True, text=True, timeout=120,
    )
    if done.returncode:
        raise SystemExit(f"error: bench {load} of {programs} ended with {done.returncode}: {done.stderr}")
    return json.loads(done.stdout)["perSecond"]


def measure(options, pairs):
    ports = {name: servers.free_port() for name in ("old", "new")}
    programs = {"old": options.old, "new": options.new}
    with servers.directory() as path:

        def server(name):
            command = [
                os.path.join(programs[name], "invd"), "--data-dir", os.path.join(path, name),
                "--listen", f"127.0.0.1:{ports[name]}",
            ]
            return servers.running(command, ports[name])

        with server("old"), server("new"):
            for load in LOADS:
                for name in ports:
                    rate(programs[name], ports[name], load, 1)
            done = {load: sum(pair["load"] == load for pair in pairs) for load in LOADS}
            for number in range(options.pairs):
                for load in LOADS:
                    order = ("old", "new") if number % 2 == 0 else ("new", "old")
                    clock = report.BusyClock()
                    pair = {"load": load, "number": done[load] + number + 1}
                    for name in order:
                        pair[name] = rate(programs[name], ports[name], load, options.seconds)
                    pair["stealPercent"] = clock.facts()["stealPercent"]
                    pairs.append(pair)
                    with open(options.results, "a") as file:
                        file.write(json.dumps(pair) + "\n")


def version(programs):
    """The last commit of the tree that the programs were built in."""
    return report.first_line(["git", "-C", programs, "log", "-1", "--format=%h, \"%s\""])


def interval(ratios):
    """The middle 95 % of the medians of 10,000 samples with replacement."""
    source = random.Random(1)
    medians = sorted(
        statistics.median(source.choices(ratios, k=len(ratios))) for _ in range(10_000)
    )
    return medians[249], medians[9749]


def page(options, pairs):
    machine = report.machine()
    lines = [
        "# Two versions, in pairs", "",
        f"Made by `Peers/pairs.py`, {options.seconds} s a measurement; {machine['processor']}, {machine['cores']} cores.", "",
        f"- Old: {version(options.old)}", f"- New: {version(options.new)}", "",
        "| load | pairs | old, median per second | new | median of new / old | 95 % interval | slowest pair | fastest |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for load, arguments in LOADS.items():
        mine = [pair for pair in pairs if pair["load"] == load]
        if not mine:
            continue
        ratios = [pair["new"] / pair["old"] for pair in mine]
        low, high = interval(ratios)
        old, new = (statistics.median(pair[name] for pair in mine) for name in ("old", "new"))
        lines.append(
            f"| `invctl {' '.join(arguments)}` | {len(mine)} | {old:,.0f} | {new:,.0f} "
            f"| {statistics.median(ratios):.3f} | {low:.3f} to {high:.3f} | {min(ratios):.3f} | {max(ratios):.3f} |"
        )
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--pairs", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--results", default=os.path.join(servers.ROOT, ".run", "pairs.jsonl"))
    parser.add_argument("--out", default=os.path.join(servers.ROOT, "Benchmarks"))
    options = parser.parse_args()

    pairs = []
    os.makedirs(os.path.dirname(os.path.abspath(options.results)), exist_ok=True)
    if os.path.exists(options.results):
        with open(options.results) as file:
            pairs = [json.loads(line) for line in file]
    measure(options, pairs)
    text = page(options, pairs)
    with open(os.path.join(options.out, "PAIRS.md"), "w") as file:
        file.write(text)
    print(text, end="")


if __name__ == "__main__":
    main()
