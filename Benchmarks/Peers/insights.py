"""Insights over many sales, in invd and in DuckDB, in turns: the same queries with one thread and two, in
DuckDB with the category joined from the products and with it stored in each row.

    insights.py --scans PATH --out Benchmarks [--sales 50000000] [--products 100000] [--rounds 5]

Sales are in time order over a year, as in a ledger, and both systems keep all data in memory. Each query is
executed once as a warm-up, then in turns, round by round; a figure is the median of the rounds, in milliseconds.
invd's are those of its query engine without a socket: cold, without cached aggregates of full segments, and
with them. Writes INSIGHTS.md and insights.json.
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
    """Name, how the category is obtained, and the SQL."""
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
    """`invd-scans`, which prints the time of each query."""

    def __init__(self, scans, sales, products):
        self.process = subprocess.Popen(
            [scans, "--ask", "--rows", str(sales), "--products", str(products)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        )
        self.process.stdout.readline()

    def ask(self, name, threads, state):
        self.process.stdin.write(f"{threads}\t{state}\t{name}\n")
        return float(self.process.stdout.readline())

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def figure(times):
    decimals = 1 if statistics.median(times) >= 1 else 2
    return f"{statistics.median(times):.{decimals}f} ({min(times):.{decimals}f}–{max(times):.{decimals}f})"


def page(document):
    lines = [
        "# Insights over many sales", "",
        f"{document['sales']:,} sales of {document['products']:,} products over a year, all in memory; medians of "
        f"{document['rounds']} rounds in turns, in milliseconds, lowest and highest in brackets. From "
        f"`Benchmarks/Peers/run.sh insights`, invd {document['invd']}, {document['at']}; DuckDB "
        f"{document['DuckDB']}; {document['machine']['processor']}, {document['machine']['cores']} cores.", "",
        "For each full segment (8,192 movements, which never change) invd caches the aggregates that a query computed: "
        "for the whole, or per category. They serve every time window and every grouping by time and category, and only "
        "segments cut by a window or a day are scanned; results are not cached. *Cold* is a query with empty caches: the "
        "first after a start, or by category after a product changed its category. If both columns are equal, cached "
        "aggregates do not apply to the query.", "",
        "| query | DuckDB's category | threads | DuckDB | invd, cold | ratio | invd | ratio |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in document["rows"]:
        theirs = row["DuckDB"]
        cells = [row["question"], row["category"], str(row["threads"]), figure(theirs)]
        for ours in row["uncached"], row["cached"]:
            ratio = statistics.median(theirs) / max(statistics.median(ours), 0.001)
            cells += [figure(ours), f"{ratio:.1f} ×" if ratio < 100 else f"{ratio:.0f} ×"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scans", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--sales", type=int, default=50_000_000)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    invd = Invd(options.scans, options.sales, options.products)
    connection = duckdb.connect()
    fill(connection, options.products, options.sales)
    rows = []
    for threads in (1, 2):
        connection.execute(f"SET threads = {threads}")
        for question, category, text in questions():
            row = {"question": question, "category": category, "threads": threads}
            row.update({"uncached": [], "cached": [], "DuckDB": []})
            for number in range(options.rounds + 1):
                begin = time.monotonic()
                connection.execute(text).fetchall()
                theirs = (time.monotonic() - begin) * 1000
                uncached = invd.ask(question, threads, "uncached")
                cached = invd.ask(question, threads, "cached")
                if number > 0:
                    row["DuckDB"].append(theirs)
                    row["uncached"].append(uncached)
                    row["cached"].append(cached)
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
