"""Memory, disk, start time and speed of invd as products and sales grow; memory and disk of DuckDB, Redis
and PostgreSQL for the same.

    size.py --scale PATH --python PATH --out Benchmarks [--sizes 10000:1000000,1000000:10000000]

A size is PRODUCTS:SALES. `Scale` fills invd's directory through the engine's rules and the log, with the
price, cost, balances and every other column of its ledger. The peers get products of eight fields and
sales of four. Writes SIZE.md and size.json.
"""

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import time

import report
import servers

ROUNDS = 3
SECONDS = 2


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def resident(pid):
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def bytes_in(path, prefix=""):
    total = 0
    for folder, _, names in os.walk(path):
        total += sum(
            os.stat(os.path.join(folder, name)).st_size for name in names if name.startswith(prefix)
        )
    return total


def timed(action):
    begin = time.monotonic()
    result = action()
    return time.monotonic() - begin, result


# --- invd


@contextlib.contextmanager
def invd_on(path):
    """A server on a directory, after its first answer."""
    port = servers.free_port()
    command = [
        os.path.join(servers.RELEASE, "invd"), "--data-dir", path, "--listen", f"127.0.0.1:{port}",
    ]
    begin = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        if not process.stdout.readline().startswith("ready"):
            raise RuntimeError("invd did not start")
        yield port, process.pid, time.monotonic() - begin
    finally:
        process.terminate()
        process.wait(60)


def invctl(port, *arguments):
    return run([
        os.path.join(servers.RELEASE, "invctl"), *arguments, "--server", f"127.0.0.1:{port}",
        "--output", "json",
    ])


def bench(port, *arguments):
    text = invctl(port, "bench", *arguments, "--seconds", str(SECONDS))
    return json.loads(text.strip().splitlines()[-1])


def invd(scale, products, sales):
    with servers.directory() as base:
        path = os.path.join(base, "db")
        made = json.loads(run([scale, path, str(products), str(sales)]))
        alone = os.path.join(base, "products")
        run([scale, alone, str(products), "0"])
        of_products = bytes_in(alone, "blocks-") + bytes_in(alone, "snapshot-")
        shutil.rmtree(alone)
        of_all = bytes_in(path, "blocks-") + bytes_in(path, "snapshot-")
        starts, memory, sold, read = [], 0, [], []
        for _ in range(ROUNDS):
            with invd_on(path) as (port, pid, seconds):
                starts.append(seconds)
                memory = resident(pid)
                invctl(port, "product", "get", "SKU-1000001")
        with invd_on(path) as (port, _, _):
            for _ in range(ROUNDS):
                sold.append(bench(port, "sell", "--connections", "8", "--depth", "256")["perSecond"])
                read.append(bench(port, "get", "--connections", "50", "--depth", "64")["perSecond"])
    return {
        "system": "invd", "products": products, "sales": sales,
        "bytesPerProduct": made["bytesPerProduct"], "bytesPerSale": made["bytesPerSale"],
        "diskPerProduct": of_products / products,
        "diskPerSale": (of_all - of_products) / sales,
        "startSeconds": statistics.median(starts), "startWorst": max(starts),
        "residentAfterStart": memory,
        "loadedSalesPerSecond": sales / made["secondsOfSales"],
        "salesPerSecond": statistics.median(sold), "readsPerSecond": statistics.median(read),
    }


def invd_replay(scale, products, sales):
    """A start without a snapshot: every step is replayed from the log."""
    with servers.directory() as base:
        path = os.path.join(base, "db")
        lsn = json.loads(run([scale, path, str(products), str(sales), "log"]))["lsn"]
        starts = []
        for _ in range(ROUNDS):
            with invd_on(path) as (_, _, seconds):
                starts.append(seconds)
    return {
        "system": "invd, from the log alone", "products": products, "sales": sales,
        "startSeconds": statistics.median(starts), "startWorst": max(starts),
        "stepsPerSecond": lsn / statistics.median(starts),
    }


# --- DuckDB

DUCKDB = """
import duckdb, os, resource, sys, time
def connect(*path):
    c = duckdb.connect(*path)
    c.execute('SET enable_progress_bar = false')
    return c
path, products, sales = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def memory():
    with open('/proc/self/status') as lines:
        return next(int(l.split()[1]) * 1024 for l in lines if l.startswith('VmRSS'))
def fill(c, products, sales):
    c.execute('''CREATE TABLE product AS SELECT i::INTEGER id, 'SKU-' || (1000000 + i) sku,
        'Product number ' || i AS name, (i % 64)::INTEGER category, (199 + hash(i) % 9800)::BIGINT price,
        1000000::BIGINT stock, 10::BIGINT reorder, (1700000000000000 + i)::BIGINT updated
        FROM range(?) t(i)''', [products])
    c.execute('''CREATE TABLE sale AS SELECT (1700000000000000 + i * 40 + hash(i + 3) % 40)::BIGINT ts,
        (hash(i) % ?)::INTEGER product, (1 + hash(i + 7) % 4)::INTEGER units,
        ((1 + hash(i + 7) % 4) * (199 + hash(hash(i) % ?) % 9800))::BIGINT amount
        FROM range(?) t(i)''', [products, products, sales])
if len(sys.argv) > 4:
    begin = time.monotonic()
    c = connect(path)
    c.execute('SELECT stock FROM product WHERE id = 7').fetchall()
    print(time.monotonic() - begin)
else:
    c = connect()
    start = memory(); fill(c, products, 0); mid = memory()
    c.execute('DROP TABLE product'); c.execute('DROP TABLE sale'); c.close()
    c = connect()
    fill(c, 1, sales); full = memory(); c.close()
    c = connect(path); fill(c, products, 0); c.execute('CHECKPOINT'); c.close()
    alone = os.stat(path).st_size; os.remove(path)
    c = connect(path); fill(c, products, sales); c.execute('CHECKPOINT'); c.close()
    print((mid - start) / products, (full - start) / sales, alone / products,
          (os.stat(path).st_size - alone) / sales)
"""


def duckdb(python, products, sales):
    with servers.directory() as base:
        path = os.path.join(base, "shop.duckdb")
        sizes = run([python, "-c", DUCKDB, path, str(products), str(sales)])
        product, sale, disk_product, disk_sale = (float(value) for value in sizes.split())
        starts = [
            float(run([python, "-c", DUCKDB, path, str(products), str(sales), "open"]))
            for _ in range(ROUNDS)
        ]
    return {
        "system": "DuckDB", "products": products, "sales": sales, "bytesPerProduct": product,
        "bytesPerSale": sale, "diskPerProduct": disk_product, "diskPerSale": disk_sale,
        "startSeconds": statistics.median(starts), "startWorst": max(starts),
    }


# --- Redis


def redis_command(*words):
    return f"*{len(words)}\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in words)


def redis_products(products):
    for number in range(products):
        yield redis_command(
            "HSET", f"product:{number}", "sku", f"SKU-{1000000 + number}", "name",
            f"Product number {number}", "category", str(number % 64), "price", "1999", "stock",
            "1000000", "reorder", "10", "unit", "pcs", "updated", str(1700000000000000 + number),
        )


def redis_sales(products, sales):
    for number in range(sales):
        yield redis_command(
            "XADD", "sales", f"{1700000000000 + number // 25}-{number}", "p",
            str(number * 7919 % products), "q", str(1 + number % 4), "a", str(199 + number % 9800),
        )


def redis_fill(port, commands):
    pipe = subprocess.Popen(
        ["redis-cli", "-p", str(port), "--pipe"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        text=True,
    )
    for command in commands:
        pipe.stdin.write(command)
    pipe.stdin.close()
    if pipe.wait() != 0:
        raise RuntimeError("redis-cli --pipe failed")


def redis_info(port, name):
    text = run(["redis-cli", "-p", str(port), "INFO", "memory"])
    return next(int(line.split(":")[1]) for line in text.splitlines() if line.startswith(name + ":"))


def redis(products, sales):
    with servers.directory() as base:
        port = servers.free_port()
        command = ["redis-server", "--port", str(port), "--dir", base, "--save", "", "--appendonly", "no"]
        dump = os.path.join(base, "dump.rdb")
        with servers.running(command, port):
            empty = redis_info(port, "used_memory")
            redis_fill(port, redis_products(products))
            of_products = redis_info(port, "used_memory")
            run(["redis-cli", "-p", str(port), "SAVE"])
            disk_products = os.stat(dump).st_size
            redis_fill(port, redis_sales(products, sales))
            of_all = redis_info(port, "used_memory")
            run(["redis-cli", "-p", str(port), "SAVE"])
            disk = os.stat(dump).st_size
        starts = []
        for _ in range(ROUNDS):
            begin = time.monotonic()
            with servers.running(command, port):
                while "stock" not in run(["redis-cli", "-p", str(port), "HGETALL", "product:7"]):
                    time.sleep(0.01)
                starts.append(time.monotonic() - begin)
    return {
        "system": "Redis", "products": products, "sales": sales,
        "bytesPerProduct": (of_products - empty) / products,
        "bytesPerSale": (of_all - of_products) / sales,
        "diskPerProduct": disk_products / products, "diskPerSale": (disk - disk_products) / sales,
        "startSeconds": statistics.median(starts), "startWorst": max(starts),
    }


# --- PostgreSQL


def postgres(products, sales):
    with servers.postgres() as (socket, port):
        def psql(text):
            return run(["psql", "-qAt", "-h", socket, "-p", str(port), "-U", "postgres", "-c", text])

        psql(f"""CREATE TABLE size_product AS SELECT i AS id, 'SKU-' || (1000000 + i) AS sku,
            'Product number ' || i AS name, i % 64 AS category, 1999::bigint AS price,
            1000000::bigint AS stock, 10::bigint AS reorder, now() AS updated
            FROM generate_series(1, {products}) AS i""")
        psql("ALTER TABLE size_product ADD PRIMARY KEY (id)")
        psql(f"""CREATE TABLE size_sale AS SELECT now() AS at, (i * 7919::bigint % {products})::int AS
            product, 1 + i % 4 AS units, (199 + i % 9800)::bigint AS amount
            FROM generate_series(1, {sales}) AS i""")
        of_products = int(psql("SELECT pg_total_relation_size('size_product')"))
        of_sales = int(psql("SELECT pg_total_relation_size('size_sale')"))
    return {
        "system": "PostgreSQL", "products": products, "sales": sales,
        "diskPerProduct": of_products / products, "diskPerSale": of_sales / sales,
    }


# --- The page

COLUMNS = [
    ("bytesPerProduct", "memory a product, B", "{:,.0f}"), ("bytesPerSale", "memory a sale, B", "{:,.1f}"),
    ("diskPerProduct", "disk a product, B", "{:,.0f}"), ("diskPerSale", "disk a sale, B", "{:,.1f}"),
    ("startSeconds", "start, s", "{:,.2f}"), ("startWorst", "worst start, s", "{:,.2f}"),
    ("stepsPerSecond", "steps replayed a second", "{:,.0f}"),
    ("salesPerSecond", "sales a second, 8 × 256", "{:,.0f}"),
    ("readsPerSecond", "reads a second, 50 × 64", "{:,.0f}"),
]


def page(rows, failures):
    lines = [
        "# Memory, disk and speed as products and sales grow", "",
        "Written by `Benchmarks/Peers/run.sh size`. Memory is the resident size of the process (Redis:"
        " its reported use) after filling, minus that before; disk is the snapshot (including"
        " changes of the products by sales, without the parity that the server adds), the database"
        f" file, the RDB or the relation. A start is from the start of the process to its first answer,"
        f" the median of {ROUNDS}. invd stores every column of its ledger, and with a product its stock,"
        " its opening movement and its indexes; the peers store eight fields per product and four per sale.",
        "", "| products | sales | system | " + " | ".join(title for _, title, _ in COLUMNS) + " |",
        "|---|---|---|" + "---|" * len(COLUMNS),
    ]
    for row in rows:
        cells = [form.format(row[key]) if key in row else "" for key, _, form in COLUMNS]
        lines.append(
            f"| {row['products']:,} | {row['sales']:,} | {row['system']} | " + " | ".join(cells) + " |"
        )
    if failures:
        lines += ["", "## Failures", ""] + [f"- {failure}" for failure in failures]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", required=True, help="the program Scale")
    parser.add_argument("--python", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument(
        "--sizes", default="10000:1000000,100000:1000000,1000000:1000000,1000000:10000000,1000000:50000000"
    )
    parser.add_argument("--peers", default="1000000:10000000", help="sizes at which the peers are measured")
    options = parser.parse_args()
    rows, failures = [], []

    def measure(name, action, *arguments):
        try:
            took, row = timed(lambda: action(*arguments))
            rows.append(row)
            print(f"{name} {arguments[-2:]}: {row} ({took:.0f} s)", flush=True)
        except Exception as error:  # A failing peer is reported, and the others continue.
            failures.append(f"{name} {arguments[-2:]}: {str(error).splitlines()[0]}")
            print(failures[-1], flush=True)

    peers = options.peers.split(",")
    for size in options.sizes.split(","):
        products, sales = (int(part) for part in size.split(":"))
        measure("invd", invd, options.scale, products, sales)
        if size in peers:
            measure("invd, log", invd_replay, options.scale, products, sales)
            measure("DuckDB", duckdb, options.python, products, sales)
            measure("Redis", redis, products, sales)
            measure("PostgreSQL", postgres, products, sales)
    document = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "machine": report.machine(),
        "versions": report.versions(), "rows": rows, "failures": failures,
    }
    with open(os.path.join(options.out, "size.json"), "w") as file:
        json.dump(document, file, indent=1)
    with open(os.path.join(options.out, "SIZE.md"), "w") as file:
        file.write(page(rows, failures))
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
