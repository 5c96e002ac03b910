"""An independent model of the insights: SQL over the rows of a sales file.

Reads the CSV from standard input, puts the rows that an import accepts into SQLite, and prints one line per row:

    month   <yyyy-mm>   <measures>
    code    <key>       <measures>
    country <name>      <measures>
    clock   <weekday> <hour> <net> <units> <transactions>
    top     <rank> <key> <net>
    abc     <key> <class>
    end     <date of the last sale>
    dead    <key> <on hand>
    last    <key> <date of the last sale, or never>     of dead stock

Measures are gross, returns, net (pence), units, returned units, net units, cost, margin (pence), margin in
percent, transactions, net per transaction (pence, half to even), rows, products; "-" for a missing value. A
transaction is an invoice with at least one sale. The file has no costs, so they are 0. A product belongs to the
country of its latest sale with a price, else of its latest row, of two the larger, as a product has one category. Times are local times of the file. sales_model.py
documents which rows are accepted; write-offs are not sales.

The past leaves no stock; every product has one unit today. A product is dead if its last sale, or its opening
balance at the file's first instant if it has no sale, was 90 days or more before the last sale of the file.
"""

import csv
import sqlite3
import sys
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

db = sqlite3.connect(":memory:")
db.execute(
    "CREATE TABLE line (code TEXT, invoice TEXT, country TEXT, at TEXT, units INTEGER, pence INTEGER,"
    " is_return INTEGER)"
)
db.execute("CREATE TABLE move (at TEXT)")
db.execute("CREATE TABLE product (code TEXT PRIMARY KEY, id INTEGER, country TEXT, seen TEXT)")
for row in csv.DictReader(sys.stdin):
    price = Decimal(row["UnitPrice"])
    quantity = int(row["Quantity"])
    key = row["StockCode"].strip().lower()
    if not key or quantity == 0 or (price < 0 and quantity < 0):
        continue
    db.execute(
        "INSERT OR IGNORE INTO product VALUES (?, (SELECT COUNT(*) FROM product), '', '')",
        (key,),
    )
    is_priced_sale = quantity > 0 and price > 0
    latest = (f"{int(is_priced_sale)} {row['InvoiceDate']}", row["Country"].strip())
    db.execute(
        "UPDATE product SET seen = ?1, country = ?2 WHERE code = ?3 AND (seen, country) < (?1, ?2)",
        (*latest, key),
    )
    is_return = quantity < 0 and row["InvoiceNo"].startswith("C")
    db.execute("INSERT INTO move VALUES (?)", (row["InvoiceDate"],))
    if quantity < 0 and not is_return:
        continue
    db.execute(
        "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, row["InvoiceNo"], "", row["InvoiceDate"], 0 if price < 0 else abs(quantity),
         int((price * abs(quantity) * 100).quantize(Decimal(1), ROUND_HALF_UP)), int(is_return)),
    )

MEASURES = """
    SUM(CASE WHEN is_return THEN 0 ELSE pence END), SUM(CASE WHEN is_return THEN pence ELSE 0 END),
    SUM(CASE WHEN is_return THEN -pence ELSE pence END),
    SUM(CASE WHEN is_return THEN 0 ELSE units END), SUM(CASE WHEN is_return THEN units ELSE 0 END),
    SUM(CASE WHEN is_return THEN -units ELSE units END),
    COUNT(DISTINCT CASE WHEN is_return THEN NULL ELSE invoice END), COUNT(*), COUNT(DISTINCT code)"""
NET = "SUM(CASE WHEN is_return THEN -pence ELSE pence END)"


def measure(word, query):
    for row in db.execute(query):
        gross, returns, net, units, returned, net_units, transactions, rows, products = row[1:]
        average = round(Fraction(net, transactions)) if transactions else "-"
        percent = 100 if net else "-"
        cells = [row[0], gross, returns, net, units, returned, net_units, 0, net, percent, transactions, average]
        print("\t".join([word] + [str(cell) for cell in cells + [rows, products]]))


def show(word, query):
    for row in db.execute(query):
        print("\t".join([word] + [str(cell) for cell in row]))


measure("month", f"SELECT substr(at, 1, 7), {MEASURES} FROM line GROUP BY 1")
measure("code", f"SELECT code, {MEASURES} FROM line GROUP BY 1")
measure("country", f"SELECT product.country, {MEASURES} FROM line JOIN product USING (code) GROUP BY 1")
show(
    "clock",
    f"""SELECT (strftime('%w', at) + 6) % 7 + 1, CAST(substr(at, 12, 2) AS INTEGER), {NET},
    SUM(CASE WHEN is_return THEN 0 ELSE units END),
    COUNT(DISTINCT CASE WHEN is_return THEN NULL ELSE invoice END) FROM line GROUP BY 1, 2""",
)
RANKED = f"""SELECT code, {NET} AS net, ROW_NUMBER() OVER (ORDER BY {NET} DESC, product.id) AS rank
    FROM line JOIN product USING (code) GROUP BY code"""
show("top", f"SELECT rank, code, net FROM ({RANKED}) WHERE rank <= 20 ORDER BY rank")
show(
    "abc",
    f"""WITH ranked AS ({RANKED}), shares AS (
        SELECT code, net, SUM(MAX(net, 0)) OVER (ORDER BY rank) - MAX(net, 0) AS before,
        SUM(MAX(net, 0)) OVER () AS total FROM ranked)
    SELECT code, CASE WHEN net <= 0 THEN 'C' WHEN before * 100 < total * 80 THEN 'A'
        WHEN before * 100 < total * 95 THEN 'B' ELSE 'C' END FROM shares""",
)
show("end", "SELECT substr(MAX(at), 1, 10) FROM line WHERE NOT is_return")
db.execute(
    """CREATE VIEW dead AS WITH sale AS (SELECT code, MAX(at) AS last FROM line WHERE NOT is_return GROUP BY code),
    idle AS (
        SELECT code, 1 AS on_hand, last, COALESCE(last, (SELECT MIN(at) FROM move)) AS since
        FROM product LEFT JOIN sale USING (code))
    SELECT code, on_hand, COALESCE(substr(last, 1, 10), 'never') AS last FROM idle
    WHERE on_hand > 0 AND substr(since, 1, 10) <= (SELECT date(MAX(last), '-90 days') FROM sale)"""
)
show("dead", "SELECT code, on_hand FROM dead")
show("last", "SELECT code, last FROM dead")
