"""DuckDB's side of the insights: the same sales, the same questions, with one thread and two, with the
category looked up in the products and with it stored in each row.

    insights.py --out Benchmarks [--sales 50000000] [--products 100000] [--rounds 5]

Sales lie in time order over a year, as a ledger's do. Each figure is the median over the rounds, in
milliseconds, of a database in memory that has answered the question once. Writes insights.json.
"""

import argparse
import json
import os
import statistics
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
    """Name, and the text with the category joined or stored."""
    joined = "sale JOIN product ON product.id = sale.product"
    last30 = f"ts >= {START + 335 * DAY}"
    rows = []
    for kind, source, category in [
        ("joined", joined, "product.category"), ("stored", "sale", "category"),
    ]:
        rows += [
            (f"by category, {kind}",
             f"SELECT {category} AS c, sum(amount), sum(units) FROM {source} GROUP BY c"),
            (f"category × day, {kind}",
             f"SELECT {category} AS c, ts // {DAY} AS d, sum(amount), sum(units) FROM {source} GROUP BY c, d"),
            (f"30 days of one category, {kind}",
             f"SELECT sum(amount), sum(units) FROM {source} WHERE {last30} AND {category} = 7"),
            (f"30 days by category, {kind}",
             f"SELECT {category} AS c, sum(amount), sum(units) FROM {source} WHERE {last30} GROUP BY c"),
        ]
    rows += [
        ("by day", f"SELECT ts // {DAY} AS d, sum(amount), sum(units) FROM sale GROUP BY d"),
        ("top 100 by units",
         "SELECT product, sum(units) AS u FROM sale GROUP BY product ORDER BY u DESC LIMIT 100"),
        ("top 100 by amount",
         "SELECT product, sum(amount) AS a FROM sale GROUP BY product ORDER BY a DESC LIMIT 100"),
        ("30 days, total", f"SELECT sum(amount), sum(units) FROM sale WHERE {last30}"),
    ]
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--sales", type=int, default=50_000_000)
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    connection = duckdb.connect()
    fill(connection, options.products, options.sales)
    rows = []
    for threads in (1, 2):
        connection.execute(f"SET threads = {threads}")
        for name, text in questions():
            connection.execute(text).fetchall()
            taken = []
            for _ in range(options.rounds):
                begin = time.monotonic()
                connection.execute(text).fetchall()
                taken.append((time.monotonic() - begin) * 1000)
            row = {
                "question": name, "threads": threads, "system": "DuckDB, in memory",
                "milliseconds": statistics.median(taken), "lowest": min(taken), "highest": max(taken),
            }
            rows.append(row)
            print(f"{name}, {threads} threads: {row['milliseconds']:.1f} ms", flush=True)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": report.machine(),
        "DuckDB": duckdb.__version__, "products": options.products, "sales": options.sales,
        "rounds": options.rounds, "rows": rows,
    }
    with open(os.path.join(options.out, "insights.json"), "w") as file:
        json.dump(document, file, indent=1)


if __name__ == "__main__":
    main()
