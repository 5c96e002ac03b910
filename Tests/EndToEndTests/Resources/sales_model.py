"""An independent model of a sales import: the totals of a file's rows.

Reads the CSV from standard input and prints one line for each stock code and each month:

    code  <key>   <net units>  <net revenue in pence>
    month <yyyy-mm> <net units> <net revenue in pence>
    rows  <accepted> <rejected>

Sales and returns count; write-offs (a negative quantity that is not a return) move stock but no money.
Codes are compared without case and outer white space. A row is rejected if its quantity is zero, if its
price and its quantity are below zero, or if it has no code. A price can have fractions of a penny: the
amount of a row is rounded once, halves away from zero. A row with a price below zero is a discount, which
has no units.
"""

import csv
import sys
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

codes = defaultdict(lambda: [0, 0])
months = defaultdict(lambda: [0, 0])
accepted = rejected = 0
for row in csv.DictReader(sys.stdin):
    price = Decimal(row["UnitPrice"])
    quantity = int(row["Quantity"])
    key = row["StockCode"].strip().lower()
    if not key or quantity == 0 or (price < 0 and quantity < 0):
        rejected += 1
        continue
    accepted += 1
    is_return = quantity < 0 and row["InvoiceNo"].startswith("C")
    if quantity < 0 and not is_return:
        continue
    revenue = int((price * quantity * 100).quantize(Decimal(1), ROUND_HALF_UP))
    if price < 0:
        quantity = 0
    # The file's times are those of the United Kingdom; months are in UTC, as in the ledger,
    # and the file has no sale in the hour around midnight in which the two differ.
    month = row["InvoiceDate"][:7]
    for sums in (codes[key], months[month]):
        sums[0] += quantity
        sums[1] += revenue
for key, (units, revenue) in sorted(codes.items()):
    print(f"code\t{key}\t{units}\t{revenue}")
for month, (units, revenue) in sorted(months.items()):
    print(f"month\t{month}\t{units}\t{revenue}")
print(f"rows\t{accepted}\t{rejected}")
