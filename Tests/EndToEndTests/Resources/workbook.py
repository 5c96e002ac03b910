"""Writes a workbook of one sheet to standard output: a small catalog, or sales with `sales` as argument.

Numbers are stored as spreadsheet programs store them, with 17 digits; one row has a formula without a value.
"""

import io
import sys
import zipfile

SPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"

CATALOG = [
    ["Autumn price list"],
    ["sku", "name", "category", "price", "stock", "decimals", "barcode"],
    ["JAM", "Plum jam, 250 g", "Food", 4.5, 20, 0, 4006381333931],
    [],
    ["FLOUR", "Flour", "Food", "2.1200000000000001", "2.1259999999999999", 3, ""],
    ["HONEY", "Honey", "Food", "=B3*2", 6, 0, ""],
]
SALES = [
    ["sku", "quantity", "price", "occurredAt"],
    ["JAM", 2, 4.5, ("date", 46300.604166666664)],
    ["JAM", 1, 4.5, ("date", 46301.625347222222)],
]


def cell(reference, value):
    if isinstance(value, tuple):
        return f'<c r="{reference}" s="1"><v>{value[1]!r}</v></c>'
    if isinstance(value, str) and value.startswith("="):
        return f'<c r="{reference}"><f>{value[1:]}</f></c>'
    if isinstance(value, str) and not value[:1].isdigit():
        return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'
    return f'<c r="{reference}" s="2"><v>{value}</v></c>'


def sheet(rows):
    lines = []
    for number, row in enumerate(rows, 1):
        cells = "".join(cell(f"{'ABCDEFG'[i]}{number}", v) for i, v in enumerate(row) if v != "")
        if row:
            lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{SPACE}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def part(name, kind):
    return f'<Override PartName="/xl/{name}.xml" ContentType="{TYPES}.{kind}+xml"/>'


files = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
    f'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + part("workbook", "sheet.main") + part("worksheets/first", "worksheet")
    + part("styles", "styles") + "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{SPACE}" xmlns:r="{OFFICE}"><sheets>'
    '<sheet name="Products" sheetId="1" r:id="rId7"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
    f'<Relationship Id="rId2" Type="{OFFICE}/styles" Target="styles.xml"/>'
    f'<Relationship Id="rId7" Type="{OFFICE}/worksheet" Target="worksheets/first.xml"/>'
    "</Relationships>",
    # Style 1 is a date as American programs show it, style 2 a number with two decimals.
    "xl/styles.xml": f'<styleSheet xmlns="{SPACE}"><cellXfs count="3"><xf numFmtId="0"/>'
    '<xf numFmtId="22"/><xf numFmtId="2"/></cellXfs></styleSheet>',
    "xl/worksheets/first.xml": sheet(SALES if sys.argv[1:] == ["sales"] else CATALOG),
}
book = io.BytesIO()
with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
    for name, text in files.items():
        archive.writestr(name, text)
sys.stdout.buffer.write(book.getvalue())
