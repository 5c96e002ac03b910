"""An independent model of a sales import: what a file's rows add up to.

Reads the CSV on standard input and prints one line for each stock code and each month:

    code  <key>   <net units>  <net revenue in pence>
    month <yyyy-mm> <net units> <net revenue in pence>
    rows  <taken> <not taken>

Sales and returns count; write-offs (a negative quantity that is no return) move stock and no money.
A code is compared without regard to case and outer spaces. A row whose price has more than two
decimals or is below zero, whose quantity is zero or no whole number, or that has no code, is not taken.
"""

import csv
import sys
from collections import defaultdict
from decimal import Decimal

codes = defaultdict(lambda: [0, 0])
months = defaultdict(lambda: [0, 0])
taken = not_taken = 0
for row in csv.DictReader(sys.stdin):
    price = Decimal(row["UnitPrice"])
    quantity = int(row["Quantity"])
    key = row["StockCode"].strip().lower()
    if not key or quantity == 0 or price < 0 or price * 100 != int(price * 100):
        not_taken += 1
        continue
    taken += 1
    is_return = quantity < 0 and row["InvoiceNo"].startswith("C")
    if quantity < 0 and not is_return:
        continue
    revenue = int(price * 100) * quantity
    # The file's times are those of the United Kingdom; months are cut in UTC, as the ledger has them,
    # and no line of the file is sold in the hour about midnight in which the two differ.
    month = row["InvoiceDate"][:7]
    for sums in (codes[key], months[month]):
        sums[0] += quantity
        sums[1] += revenue
for key, (units, revenue) in sorted(codes.items()):
    print(f"code\t{key}\t{units}\t{revenue}")
for month, (units, revenue) in sorted(months.items()):
    print(f"month\t{month}\t{units}\t{revenue}")
print(f"rows\t{taken}\t{not_taken}")
