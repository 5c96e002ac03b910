"""An independent model of the insights: SQL over the rows of a sales file.

Reads the CSV on standard input, puts what an import takes into SQLite, and prints a line a row:

    month   <yyyy-mm>   <measures>
    code    <key>       <measures>
    country <name>      <measures>
    clock   <weekday> <hour> <net> <units> <transactions>
    top     <rank> <key> <net>
    abc     <key> <class>
    last    <key> <date of the last sale>

Measures are gross, returns, net (pence), units, returned units, transactions. A transaction is an invoice
with a sale in it. A product belongs to the country of its first row, as a product has one category. Times are
those of the file's own clocks. Which rows are taken is said in sales_model.py; write-offs are no sales.
"""

import csv
import sqlite3
import sys
from decimal import Decimal

db = sqlite3.connect(":memory:")
db.execute(
    "CREATE TABLE line (code TEXT, invoice TEXT, country TEXT, at TEXT, units INTEGER, pence INTEGER,"
    " is_return INTEGER)"
)
db.execute("CREATE TABLE product (code TEXT PRIMARY KEY, id INTEGER, country TEXT)")
for row in csv.DictReader(sys.stdin):
    price = Decimal(row["UnitPrice"])
    quantity = int(row["Quantity"])
    key = row["StockCode"].strip().lower()
    if not key or quantity == 0 or price < 0 or price * 100 != int(price * 100):
        continue
    db.execute(
        "INSERT OR IGNORE INTO product VALUES (?, (SELECT COUNT(*) FROM product), ?)",
        (key, row["Country"].strip()),
    )
    is_return = quantity < 0 and row["InvoiceNo"].startswith("C")
    if quantity < 0 and not is_return:
        continue
    db.execute(
        "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, row["InvoiceNo"], "", row["InvoiceDate"], abs(quantity),
         int(price * 100) * abs(quantity), int(is_return)),
    )

MEASURES = """
    SUM(CASE WHEN is_return THEN 0 ELSE pence END), SUM(CASE WHEN is_return THEN pence ELSE 0 END),
    SUM(CASE WHEN is_return THEN -pence ELSE pence END),
    SUM(CASE WHEN is_return THEN 0 ELSE units END), SUM(CASE WHEN is_return THEN units ELSE 0 END),
    COUNT(DISTINCT CASE WHEN is_return THEN NULL ELSE invoice END)"""
NET = "SUM(CASE WHEN is_return THEN -pence ELSE pence END)"


def show(word, query):
    for row in db.execute(query):
        print("\t".join([word] + [str(cell) for cell in row]))


show("month", f"SELECT substr(at, 1, 7), {MEASURES} FROM line GROUP BY 1")
show("code", f"SELECT code, {MEASURES} FROM line GROUP BY 1")
show("country", f"SELECT product.country, {MEASURES} FROM line JOIN product USING (code) GROUP BY 1")
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
show("last", "SELECT code, substr(MAX(at), 1, 10) FROM line WHERE NOT is_return GROUP BY code")
