"""Loading a shop's history from CSV: products and sales into invd by its import, into DuckDB and PostgreSQL by
COPY, into Redis by its pipe.

    load.py --python PATH --out Benchmarks [--products 1000000] [--sales 10000000] [--rounds 3]

invd validates each sale (is there stock, does the amount fit) and syncs it before it counts; DuckDB is a
file, PostgreSQL has its default settings, Redis appends to its log and syncs it each second. The systems run in
turns, round by round; a figure is the median, in rows a second. Writes LOAD.md and load.json.
"""

import argparse
import json
import os
import statistics
import time

import report
import servers
import size


# Stock of each product: enough for every sale of the file.
STOCK = 1_000


def write_products(path, products):
    with open(path, "w") as file:
        file.write("sku,name,category,price,stock\n")
        for number in range(products):
            file.write(
                f"SKU-{1000000 + number},Product number {number},Category {number % 64},{1 + number % 99}.99,"
                f"{STOCK}\n"
            )


def write_sales(path, products, sales):
    """Writes sales in chronological order, over a year."""
    step = 365 * 86_400 / sales
    with open(path, "w") as file:
        file.write("sku,quantity,price,occurredAt,reference\n")
        for number in range(sales):
            product = number * 7919 % products
            at = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(1_700_000_000 + int(number * step)))
            file.write(
                f"SKU-{1000000 + product},{1 + number % 4},{1 + product % 99}.99,{at},T{number // 3}\n"
            )


def invd(files, counts):
    with servers.directory() as base, size.invd_on(os.path.join(base, "db")) as (port, _, _):
        rates = {}
        for name, path in files.items():
            options = ["--as", "sales"] if name == "sales" else []
            begin = time.monotonic()
            output = size.run([
                os.path.join(servers.RELEASE, "invctl"), "import", path, *options, "--quiet",
                "--timeout", "60", "--server", f"127.0.0.1:{port}",
            ])
            rates[name] = counts[name] / (time.monotonic() - begin)
            if not output.startswith(f"{counts[name]} rows: {counts[name]} accepted, 0 rejected"):
                raise RuntimeError(f"invd did not accept all {name}: {output[:200]}")
        return rates


DUCKDB = """
import duckdb, sys, time
c = duckdb.connect(sys.argv[1])
c.execute('SET enable_progress_bar = false')
c.execute('CREATE TABLE products (sku TEXT, name TEXT, category TEXT, price DECIMAL(12, 2), stock INTEGER)')
c.execute('''CREATE TABLE sales (sku TEXT, quantity INTEGER, price DECIMAL(12, 2), "occurredAt" TIMESTAMP,
    reference TEXT)''')
for name, path in (('products', sys.argv[2]), ('sales', sys.argv[3])):
    begin = time.monotonic()
    c.execute(f"COPY {name} FROM '{path}' (HEADER)")
    c.execute('CHECKPOINT')
    print(time.monotonic() - begin)
"""


def duckdb(python, files, counts):
    with servers.directory() as base:
        text = size.run([python, "-c", DUCKDB, os.path.join(base, "shop.duckdb"), files["products"], files["sales"]])
    return {name: counts[name] / float(seconds) for name, seconds in zip(files, text.split())}


def postgres(files, counts):
    with servers.postgres() as (socket, port):
        def psql(text):
            size.run(["psql", "-qAt", "-h", socket, "-p", str(port), "-U", "postgres", "-c", text])

        psql("CREATE TABLE load_products (sku text PRIMARY KEY, name text, category text, price numeric(12, 2), stock int)")
        psql("""CREATE TABLE load_sales (sku text, quantity int, price numeric(12, 2), at timestamp,
            reference text)""")
        rates = {}
        for name, path in files.items():
            begin = time.monotonic()
            psql(f"\\copy load_{name} FROM '{path}' CSV HEADER")
            rates[name] = counts[name] / (time.monotonic() - begin)
        return rates


def redis(files, counts):
    """Commands are generated before timing; a tenth of the sales, each of which takes the same time."""
    made = {
        "products": "".join(size.redis_products(counts["products"])),
        "sales": "".join(size.redis_sales(counts["products"], counts["sales"] // 10)),
    }
    with servers.redis("everysec") as port:
        rates = {}
        for name in files:
            begin = time.monotonic()
            size.redis_fill(port, [made[name]])
            count = counts[name] if name == "products" else counts[name] // 10
            rates[name] = count / (time.monotonic() - begin)
        return rates


def page(document):
    lines = [
        "# Loading from CSV", "",
        f"{document['counts']['products']:,} products and {document['counts']['sales']:,} sales; rows a second, "
        f"medians of {document['rounds']} rounds in turns, lowest and highest in brackets. From "
        f"`Benchmarks/Peers/run.sh load`, invd {document['invd']}, {document['at']}; "
        f"{document['machine']['processor']}, {document['machine']['cores']} cores.", "",
        "| system | products/s | sales/s |", "|---|---|---|",
    ]
    for system, rounds in document["systems"].items():
        cells = []
        for name in ("products", "sales"):
            rates = [rates[name] for rates in rounds]
            cells.append(f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})")
        lines.append(f"| {system} | " + " | ".join(cells) + " |")
    lines += ["", "invd validates each sale and syncs it; the others only store the line."]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--python", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--products", type=int, default=1_000_000)
    parser.add_argument("--sales", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    counts = {"products": options.products, "sales": options.sales}
    systems = {
        "invd": invd, "DuckDB, COPY": lambda *given: duckdb(options.python, *given), "PostgreSQL, COPY": postgres,
        "Redis, pipe": redis,
    }
    rows = {system: [] for system in systems}
    with servers.directory() as base:
        files = {name: os.path.join(base, name + ".csv") for name in counts}
        write_products(files["products"], options.products)
        write_sales(files["sales"], options.products, options.sales)
        for _ in range(options.rounds):
            for system, load in systems.items():
                rows[system].append(load(files, counts))
                print(system, rows[system][-1], flush=True)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": report.machine(),
        "invd": report.sources(), "rounds": options.rounds,
        "counts": counts, "systems": rows,
    }
    with open(os.path.join(options.out, "load.json"), "w") as file:
        json.dump(document, file, indent=1)
    with open(os.path.join(options.out, "LOAD.md"), "w") as file:
        file.write(page(document))


if __name__ == "__main__":
    main()
