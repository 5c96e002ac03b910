"""An independent model of the money of the insights: SQL over the rows of a ledger.

Reads `invctl ledger list --oldest-first -o csv` from standard input into SQLite, and prints one line per row:

    product  <sku>       <sums>          location <code> <sums>     day <yyyy-mm-dd> <sums>     total - <sums>
    units    <sku>       <units> <returned units>
    margin   <sku>       <net> <cost> <margin>
    turnover <sku>       <cost>
    value    <sku> <stage> <value>       of stock on hand, and of stock in transit
    worth    - <value>                   of both

Sums are gross, returns, net, cost, margin, transactions; money in hundredths, units as written. Sales are sales,
returns, cost variances and their reversals. The cost of a sale is the stock value that it removes; the amount of a
cost variance is cost. A transaction is a reference at a location on a day (the locations' time zone is UTC), or a
step without a reference, of lines that were not reversed.
"""

import csv
import sqlite3
import sys
from decimal import Decimal

db = sqlite3.connect(":memory:")
db.execute(
    "CREATE TABLE row (lsn INTEGER, line INTEGER, day TEXT, kind TEXT, sku TEXT, location TEXT, units REAL,"
    " amount INTEGER, cost INTEGER, reference TEXT, origin_lsn INTEGER, origin_line INTEGER,"
    " PRIMARY KEY (lsn, line))"
)


def hundredths(text):
    return int(Decimal(text or 0) * 100)


for row in csv.DictReader(sys.stdin):
    db.execute(
        "INSERT INTO row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (int(row["lsn"]), int(row["line"]), row["occurredAt"][:10], row["kind"], row["sku"], row["location"],
         hundredths(row["onHandDelta"]), hundredths(row["amount"]), hundredths(row["cost"]), row["reference"],
         int(row["originLsn"] or 0), int(row["originLine"] or 0)),
    )

db.execute(
    """CREATE VIEW sold AS
    SELECT row.*, CASE WHEN row.kind = 'reversal' THEN undone.kind ELSE row.kind END AS of,
        CASE WHEN row.kind = 'sale' AND NOT EXISTS (
            SELECT 1 FROM row AS later WHERE later.kind = 'reversal'
                AND later.origin_lsn = row.lsn AND later.origin_line = row.line)
        THEN CASE WHEN row.reference = '' THEN 'step ' || row.lsn
            ELSE row.location || ' ' || row.day || ' ' || row.reference END END AS receipt
    FROM row LEFT JOIN row AS undone ON undone.lsn = row.origin_lsn AND undone.line = row.origin_line
    WHERE CASE WHEN row.kind = 'reversal' THEN undone.kind ELSE row.kind END IN ('sale', 'return', 'costVariance')"""
)
GROSS = "SUM(CASE of WHEN 'sale' THEN amount ELSE 0 END)"
RETURNS = "SUM(CASE of WHEN 'return' THEN -amount ELSE 0 END)"
NET = f"({GROSS} - {RETURNS})"
COST = "SUM(CASE of WHEN 'costVariance' THEN amount ELSE -cost END)"
SUMS = f"{GROSS}, {RETURNS}, {NET}, {COST}, {NET} - {COST}, COUNT(DISTINCT receipt)"


def show(word, query):
    for row in db.execute(query):
        print("\t".join([word] + [str(cell) for cell in row]))


for word, key in [("product", "sku"), ("location", "location"), ("day", "day"), ("total", "'-'")]:
    show(word, f"SELECT {key}, {SUMS} FROM sold GROUP BY 1")
show("margin", f"SELECT sku, {NET}, {COST}, {NET} - {COST} FROM sold GROUP BY 1")
show("turnover", f"SELECT sku, {COST} FROM sold GROUP BY 1")
show(
    "units",
    """SELECT sku, CAST(SUM(CASE of WHEN 'sale' THEN -units ELSE 0 END) AS INTEGER),
    CAST(SUM(CASE of WHEN 'return' THEN units ELSE 0 END) AS INTEGER) FROM sold GROUP BY 1""",
)
# Dispatched less received or cancelled: the change of the stock's value, and the late cost after it.
db.execute(
    """CREATE VIEW transit AS
    SELECT row.sku, CASE row.kind WHEN 'transferOut' THEN -row.cost ELSE -row.cost - COALESCE(late.amount, 0) END
        AS value, CASE row.kind WHEN 'transferOut' THEN -row.units ELSE -row.units END AS units
    FROM row LEFT JOIN row AS late ON late.kind = 'costVariance' AND late.lsn = row.lsn
        AND late.line = row.line + 1 AND row.kind = 'transferIn'
    WHERE row.kind IN ('transferOut', 'transferIn')"""
)
show("value", "SELECT sku, 'onHand', SUM(cost) FROM row GROUP BY 1")
show("value", "SELECT sku, 'inTransit', SUM(value) FROM transit GROUP BY 1 HAVING SUM(units) > 0")
show("worth", "SELECT '-', (SELECT SUM(cost) FROM row) + (SELECT COALESCE(SUM(value), 0) FROM transit)")
