"""Medians, spread and ratios of the measurements, as JSON, a page and plots."""

import html
import json
import math
import os
import statistics
import subprocess
import time

import servers


class BusyClock:
    """Other use of the machine meanwhile: the time stolen by the host, and the load at start and end."""

    def __init__(self):
        self.begin = self.read()
        self.load = os.getloadavg()[0]

    @staticmethod
    def read():
        with open("/proc/stat") as lines:
            return [int(value) for value in lines.readline().split()[1:]]

    def facts(self):
        spent = [now - then for now, then in zip(self.read(), self.begin)]
        return {
            "stealPercent": round(100 * spent[7] / max(1, sum(spent)), 2),
            "loadBefore": self.load, "loadAfter": os.getloadavg()[0],
        }


def earlier(out):
    """Returns the results of an earlier run; empty if there is none."""
    try:
        with open(os.path.join(out, "results.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return "not found"


def machine():
    model = "unknown"
    with open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                model = line.split(":")[1].strip()
                break
    with open("/proc/meminfo") as lines:
        memory = int(lines.readline().split()[1]) // (1 << 20)
    return {
        "processor": model, "cores": os.cpu_count(), "memoryGiB": memory + 1,
        "kernel": os.uname().release,
    }


def sources():
    """Identifies the measured invd by its commit subject, which survives a rebase, unlike the hash."""
    git = ["git", "-C", servers.ROOT]
    changed = first_line([*git, "status", "--porcelain", "--", "Sources", "Package.swift"])
    last = first_line([*git, "log", "-1", "--format=%s", "--", "Sources", "Package.swift"])
    return f"at \"{last}\"" + ("" if changed == "not found" else ", with changes")


def versions():
    return {
        "invd": sources(),
        "Swift": first_line(["swift", "--version"]),
        "Redis": first_line(["redis-server", "--version"]),
        "PostgreSQL": first_line([os.path.join(servers.postgres_bin(), "postgres"), "--version"]),
        "NATS": first_line(["nats-server", "--version"]),
        "Python packages": first_line([
            os.path.join(servers.ROOT, ".build", "peers", "venv", "bin", "python"), "-c",
            "import importlib.metadata as m; print(', '.join(n + ' ' + m.version(n) for n in "
            "['duckdb', 'flask', 'flask-socketio', 'python-socketio']))",
        ]),
    }


def summary(samples):
    def of(key):
        values = sorted(sample[key] for sample in samples)
        return {"median": statistics.median(values), "lowest": values[0], "highest": values[-1]}

    return {key: of(key) for key in ("perSecond", "p50", "p99")}


def write(out, rows, samples, rounds, seconds, failures, busy):
    results = []
    for (work, setting, system, _), taken in zip(rows, samples):
        row = {"work": work, "setting": setting, "system": system, "samples": taken}
        if taken:
            row.update(summary(taken))
        results.append(row)
    for row in results:
        own = [
            other for other in results
            if other["work"] == row["work"] and other["setting"] == row["setting"]
            and other["system"].startswith("invd") and "perSecond" in other
        ]
        if own and "perSecond" in row:
            best = max(own, key=lambda other: other["perSecond"]["median"])
            row["invdTimesAsMany"] = best["perSecond"]["median"] / row["perSecond"]["median"]
            row["invdP50Share"] = best["p50"]["median"] / max(1, row["p50"]["median"])
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "rounds": rounds,
        "seconds": seconds, "machine": machine(), "versions": versions(), "busy": busy,
        "settings": {
            "invd": "defaults: every answer after its step is on disk (fdatasync)",
            "Redis": "AOF everysec or always, no RDB, no rewrite; the sale is a function",
            "PostgreSQL": servers.POSTGRES_SETTINGS, "NATS": "core, defaults",
        },
        "failures": failures, "results": results,
    }
    with open(os.path.join(out, "results.json"), "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")
    with open(os.path.join(out, "RESULTS.md"), "w") as file:
        file.write(page(document))
    for name, key, title in [
        ("throughput", "perSecond", "a second, median; more is better"),
        ("latency", "p99", "microseconds, p99, median; less is better"),
    ]:
        with open(os.path.join(out, f"{name}.svg"), "w") as file:
            file.write(plot(results, key, title))


def number(value):
    return f"{value:,.0f}"


def times(value):
    return f"{value:,.1f} ×" if value < 100 else f"{value:,.0f} ×"


def page(document):
    machine_facts, version = document["machine"], document["versions"]
    lines = [
        "# invd and its peers",
        "",
        "Written by `Benchmarks/Peers/run.sh`; the figures are those of one run, on one machine.",
        f"Each row is the median of {document['rounds']} rounds of {document['seconds']} s, lowest to"
        " highest in brackets. A round runs every row once, each on a newly started server; server and",
        "load share the machine. *invd is* is invd's rate divided by the row's in the same setting, and",
        "its p50 divided by the row's.",
        "",
        f"{document['at']} · {machine_facts['processor']}, {machine_facts['cores']} cores,"
        f" {machine_facts['memoryGiB']} GiB, Linux {machine_facts['kernel']} · stolen by the host:"
        f" {document['busy']['stealPercent']} % · of {len(document['results']) * document['rounds']}"
        f" measurements {document['busy']['startsOnABusyMachine']} began while others used the machine",
        "",
    ]
    lines += [f"- {name}: {value}" for name, value in version.items()]
    lines += [
        "",
        "The work for a sale: **invd** checks and decrements the stock, writes a ledger row and an"
        " event, stores the outcome for retries, syncs all of it to disk, then answers."
        " **Redis** checks, decrements, adds to a stream and publishes in one function; with AOF everysec"
        " it answers up to a second before the sale is durable, with always after a sync."
        " **PostgreSQL** updates and inserts in one prepared statement, synced, over its Unix socket;"
        " *× depth* does not apply to it: a connection has one transaction at a time.",
        "",
        "![throughput](throughput.svg)",
        "",
        "![latency](latency.svg)",
    ]
    works = list(dict.fromkeys(row["work"] for row in document["results"]))
    for work in works:
        lines += ["", f"## {work[0].upper() + work[1:]}", ""]
        lines.append("| setting | system | a second | p50 µs | p99 µs | invd is |")
        lines.append("|---|---|---|---|---|---|")
        for row in document["results"]:
            if row["work"] != work:
                continue
            if "perSecond" not in row:
                lines.append(f"| {row['setting']} | {row['system']} | failed | | | |")
                continue
            cells = [
                f"{number(row[key]['median'])} ({number(row[key]['lowest'])} – {number(row[key]['highest'])})"
                for key in ("perSecond", "p50", "p99")
            ]
            ratio = ""
            if not row["system"].startswith("invd") and "invdTimesAsMany" in row:
                ratio = f"{times(row['invdTimesAsMany'])}, p50 {row['invdP50Share']:.2f}"
            lines.append(f"| {row['setting']} | {row['system']} | {' | '.join(cells)} | {ratio} |")
    if document["failures"]:
        lines += ["", "## Failures", ""]
        lines += [f"- {failure.splitlines()[0]}" for failure in document["failures"]]
    return "\n".join(lines) + "\n"


def plot(results, key, title):
    """Draws bars on a logarithmic scale, one group for each work and setting; a line for the spread."""
    rows = [row for row in results if key in row and row[key]["median"] > 0]
    if not rows:
        return '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>\n'
    left, width, height, gap = 300, 460, 16, 26
    lowest = 10 ** math.floor(math.log10(min(max(row[key]["lowest"], 1) for row in rows)))
    highest = 10 ** math.ceil(math.log10(max(row[key]["highest"] for row in rows)))

    def place(value):
        share = math.log10(max(value, lowest) / lowest) / math.log10(highest / lowest)
        return left + width * share

    parts, y, group = [], 34, None
    for row in rows:
        name = (row["work"], row["setting"])
        if name != group:
            group = name
            y += gap
            parts.append(
                f'<text x="12" y="{y - 6}" font-weight="bold">{html.escape(row["work"])},'
                f' {html.escape(row["setting"])}</text>'
            )
        value = row[key]
        color = "#1f6f8b" if row["system"].startswith("invd") else "#b9b4a7"
        end = place(value["median"])
        middle = y + height / 2
        parts.append(
            f'<text x="{left - 8}" y="{y + 12}" text-anchor="end">{html.escape(row["system"])}</text>'
            f'<rect x="{left}" y="{y}" width="{max(1, end - left):.1f}" height="{height - 3}" fill="{color}"/>'
            f'<line x1="{place(value["lowest"]):.1f}" x2="{place(value["highest"]):.1f}" y1="{middle - 1.5}"'
            f' y2="{middle - 1.5}" stroke="#222"/>'
            f'<text x="{max(end, place(value["highest"])) + 6:.1f}" y="{y + 12}">{number(value["median"])}</text>'
        )
        y += height
    grid = []
    tick = lowest
    while tick <= highest:
        x = place(tick)
        grid.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="40" y2="{y + 4}" stroke="#e4e1da"/>'
            f'<text x="{x:.1f}" y="{y + 18}" text-anchor="middle" fill="#777">{tick:,.0f}</text>'
        )
        tick *= 10
    total = y + 30
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 110}" height="{total}"'
        ' font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/><text x="12" y="22" font-size="13">'
        f"{html.escape(title)}</text>" + "".join(grid) + "".join(parts) + "</svg>\n"
    )
