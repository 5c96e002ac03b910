"""Insights over many sales, in invd and in DuckDB, in turns: the same questions with one thread and two, in
DuckDB with the category looked up in the products and with it stored in each row.

    insights.py --invctl PATH --out Benchmarks [--sales 50000000] [--products 100000] [--rounds 5]

Sales lie in time order over a year, as a ledger's do, and all of both is in memory. Each system is asked once
before it counts, then each in turn, round by round; a figure is the median of the rounds, in milliseconds.
invd's are those of its query engine without a socket between. Writes INSIGHTS.md and insights.json.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import duckdb

import report

DAY = 86_400_000_000
START = 1_700_000_000_000_000


def fill(connection, products, sales):
    connection.execute(
        "CREATE TABLE product AS SELECT i::INTEGER AS id, (hash(i) % 64)::INTEGER AS category"
        " FROM range(?) t(i)", [products],
    )
    step = 365 * DAY // sales
    connection.execute(
        "CREATE TABLE sale AS SELECT (? + i * ?)::BIGINT AS ts, (hash(i) % ?)::INTEGER AS product,"
        " (hash(hash(i) % ?) % 64)::INTEGER AS category, (1 + hash(i + 7) % 4)::INTEGER AS units,"
        " (199 + hash(i + 9) % 9800)::BIGINT AS amount FROM range(?) t(i)",
        [START, step, products, products, sales],
    )


def questions():
    """Name, how the category comes in, and the text."""
    joined = "sale JOIN product ON product.id = sale.product"
    last30 = f"ts >= {START + 335 * DAY}"
    rows = []
    for kind, source, category in [
        ("joined", joined, "product.category"), ("stored", "sale", "category"),
    ]:
        rows += [
            ("by category", kind,
             f"SELECT {category} AS c, sum(amount), sum(units) FROM {source} GROUP BY c"),
            ("category × day", kind,
             f"SELECT {category} AS c, ts // {DAY} AS d, sum(amount), sum(units) FROM {source} GROUP BY c, d"),
            ("30 days of one category", kind,
             f"SELECT sum(amount), sum(units) FROM {source} WHERE {last30} AND {category} = 7"),
            ("30 days by category", kind,
             f"SELECT {category} AS c, sum(amount), sum(units) FROM {source} WHERE {last30} GROUP BY c"),
        ]
    rows += [
        ("by day", "–", f"SELECT ts // {DAY} AS d, sum(amount), sum(units) FROM sale GROUP BY d"),
        ("top 100 by units", "–",
         "SELECT product, sum(units) AS u FROM sale GROUP BY product ORDER BY u DESC LIMIT 100"),
        ("top 100 by amount", "–",
         "SELECT product, sum(amount) AS a FROM sale GROUP BY product ORDER BY a DESC LIMIT 100"),
        ("30 days, total", "–", f"SELECT sum(amount), sum(units) FROM sale WHERE {last30}"),
    ]
    return rows


class Invd:
    """The questions' bench of invctl, which tells how long each answer took."""

    def __init__(self, invctl, sales, products):
        self.process = subprocess.Popen(
            [invctl, "bench", "questions", "--ask", "--rows", str(sales), "--products", str(products)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        self.process.stdout.readline()

    def ask(self, name, threads):
        self.process.stdin.write(f"{threads}\t{name}\n")
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def page(document):
    lines = [
        "# Insights over many sales", "",
        f"{document['sales']:,} sales of {document['products']:,} products over a year, all in memory; medians of "
        f"{document['rounds']} rounds in turns, in milliseconds, lowest and highest in brackets. From "
        f"`Benchmarks/Peers/run.sh insights`, invd {document['invd']}, {document['at']}; DuckDB "
        f"{document['DuckDB']}; {document['machine']['processor']}, {document['machine']['cores']} cores.", "",
        "| question | DuckDB's category | threads | invd | DuckDB | ratio |", "|---|---|---|---|---|---|",
    ]
    for row in document["rows"]:
        ours, theirs = row["invd"], row["DuckDB"]
        ratio = statistics.median(theirs) / max(statistics.median(ours), 0.001)
        cells = [
            row["question"], row["category"], str(row["threads"]),
            *(f"{statistics.median(t):.1f} ({min(t):.1f}–{max(t):.1f})" for t in (ours, theirs)),
            f"{ratio:.1f} ×",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--invctl", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sales", type=int, default=50_000_000)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    invd = Invd(options.invctl, options.sales, options.products)
    connection = duckdb.connect()
    fill(connection, options.products, options.sales)
    rows = []
    for threads in (1, 2):
        connection.execute(f"SET threads = {threads}")
        for question, category, text in questions():
            row = {"question": question, "category": category, "threads": threads, "invd": [], "DuckDB": []}
            for number in range(options.rounds + 1):
                begin = time.monotonic()
                connection.execute(text).fetchall()
                theirs = (time.monotonic() - begin) * 1000
                ours = invd.ask(question, threads)
                if number > 0:
                    row["DuckDB"].append(theirs)
                    row["invd"].append(ours)
            rows.append(row)
            print(row, flush=True)
    invd.end()
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": report.machine(),
        "invd": report.sources(), "DuckDB": duckdb.__version__,
        "products": options.products, "sales": options.sales, "rounds": options.rounds, "rows": rows,
    }
    with open(os.path.join(options.out, "insights.json"), "w") as file:
        json.dump(document, file, indent=1)
    with open(os.path.join(options.out, "INSIGHTS.md"), "w") as file:
        file.write(page(document))


if __name__ == "__main__":
    main()
