import InventoryModel
import Testing

@testable import InventoryTransfer

/// A column is guessed only for a field that it can only be.
@Suite struct ColumnMappingTests {
    private static func map(
        _ header: [String],
        _ flags: [String] = [],
        _ fields: [ColumnMapping.Field] = .ofProducts,
        guesses: Bool = true
    ) throws -> [String: String] {
        let mapping = try ColumnMapping(header, flags, fields: fields, guesses: guesses)
        return mapping.columns.mapValues { header[$0] }
    }

    /// `fields` without any that must have a column.
    private static var optional: [ColumnMapping.Field] {
        [ColumnMapping.Field].ofProducts.map { field in
            var field = field
            field.isNeeded = false
            return field
        }
    }

    @Test(arguments: [
        (["ID", "SKU"], "sku", "SKU"), (["ID", "Name"], "sku", ""),
        (["ID", "Part", "Part IPN"], "sku", "Part IPN"), (["Code"], "sku", "Code"),
        (["Item", "Item No"], "sku", "Item No"), (["Sale price"], "price", ""),
        (["Sale price", "Regular price"], "price", "Regular price"), (["Type"], "category", ""),
        (["Description", "Item Name"], "name", "Item Name"),
        (["Description", "Brand name"], "name", ""), (["Description"], "name", "Description"),
        (["Qty", "QTY."], "stock", ""), (["Qty"], "stock", "Qty"),
    ])
    func `of these columns this one is guessed`(
        header: [String],
        field: String,
        column: String
    ) throws {
        #expect(try Self.map(header, [], Self.optional)[field] ?? "" == column)
        #expect(try Self.map(header, [], Self.optional, guesses: false)[field] ?? "SKU" == "SKU")
    }

    /// What the columns of a file are, field by field; a column that is none of these must stay unused.
    private struct Header: Sendable {
        var fields: [ColumnMapping.Field]
        var columns: String
        var mapping: [String: String]
    }

    private static let headers = [
        Header(
            fields: .ofProducts,
            columns:
                "Artikel-Nr.;Bezeichnung;Warengruppe;EAN;VK;EK;Bestand;Mindestbestand;Einheit;Lieferant",
            mapping: [
                "sku": "Artikel-Nr.", "name": "Bezeichnung", "category": "Warengruppe",
                "barcode": "EAN", "price": "VK", "cost": "EK", "stock": "Bestand",
                "reorderPoint": "Mindestbestand", "unit": "Einheit",
            ]
        ),
        Header(
            fields: .ofProducts,
            columns:
                "Artikelnummer;Artikelname;Kategorie;Strichcode;Verkaufspreis;Einkaufspreis;Menge;Lager;Hersteller",
            mapping: [
                "sku": "Artikelnummer", "name": "Artikelname", "category": "Kategorie",
                "barcode": "Strichcode", "price": "Verkaufspreis", "cost": "Einkaufspreis",
                "stock": "Menge", "location": "Lager", "brand": "Hersteller",
            ]
        ),
        Header(
            fields: .ofProducts,
            columns: "Art.-Nr.;Artikelbezeichnung;Preis;Stückzahl;Beschreibung;Rabatt",
            mapping: [
                "sku": "Art.-Nr.", "name": "Artikelbezeichnung", "price": "Preis",
                "stock": "Stückzahl",
            ]
        ),
        Header(
            fields: .ofProducts,
            columns:
                "Référence;Désignation;Catégorie;Prix de vente;Prix d'achat;Quantité;Code-barres;Marque;Fournisseur",
            mapping: [
                "sku": "Référence", "name": "Désignation", "category": "Catégorie",
                "price": "Prix de vente", "cost": "Prix d'achat", "stock": "Quantité",
                "barcode": "Code-barres", "brand": "Marque",
            ]
        ),
        Header(
            fields: .ofProducts,
            columns:
                "Código de producto;Nombre;Categoría;Precio;Coste;Existencias;Código de barras;Proveedor",
            mapping: [
                "sku": "Código de producto", "name": "Nombre", "category": "Categoría",
                "price": "Precio", "cost": "Coste", "stock": "Existencias",
                "barcode": "Código de barras",
            ]
        ),
        Header(
            fields: .ofSales,
            columns:
                "Datum;Uhrzeit;Bon-Nr.;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Rabatt;Betrag;Filiale",
            mapping: [
                "occurredAt": "Datum", "timeOfDay": "Uhrzeit", "reference": "Bon-Nr.",
                "sku": "Artikelnummer", "name": "Bezeichnung", "quantity": "Menge",
                "price": "Einzelpreis", "amount": "Betrag", "location": "Filiale",
            ]
        ),
        // A sum is that of the receipt if lines have a price.
        Header(
            fields: .ofSales,
            columns: "Belegdatum;Belegnummer;Artikel-Nr.;Anzahl;Preis;Summe",
            mapping: [
                "occurredAt": "Belegdatum", "reference": "Belegnummer", "sku": "Artikel-Nr.",
                "quantity": "Anzahl", "price": "Preis",
            ]
        ),
        Header(
            fields: .ofSales,
            columns: "Datum;Artikelnummer;Menge;Summe",
            mapping: [
                "occurredAt": "Datum", "sku": "Artikelnummer", "quantity": "Menge",
                "amount": "Summe",
            ]
        ),
        Header(
            fields: .ofSales,
            columns: "Date;Heure;Ticket;Code article;Libellé;Qté;Prix unitaire;Montant;Magasin",
            mapping: [
                "occurredAt": "Date", "timeOfDay": "Heure", "reference": "Ticket",
                "sku": "Code article", "name": "Libellé", "quantity": "Qté",
                "price": "Prix unitaire", "amount": "Montant", "location": "Magasin",
            ]
        ),
        Header(
            fields: .ofSales,
            columns: "Fecha;Hora;Factura;Código artículo;Cantidad;Precio unitario;Importe;Tienda",
            mapping: [
                "occurredAt": "Fecha", "timeOfDay": "Hora", "reference": "Factura",
                "sku": "Código artículo", "quantity": "Cantidad", "price": "Precio unitario",
                "amount": "Importe", "location": "Tienda",
            ]
        ),
        Header(
            fields: .ofStock,
            columns: "Artikel;Strichcode;Bestand;Filiale;Lieferschein-Nr.",
            mapping: [
                "sku": "Strichcode", "stock": "Bestand", "location": "Filiale",
                "reference": "Lieferschein-Nr.",
            ]
        ),
    ]

    @Test(arguments: headers)
    private func `headers in German, French and Spanish are mapped, and no column wrongly`(
        header: Header
    ) throws {
        let columns = header.columns.split(separator: ";").map { String($0) }
        #expect(try Self.map(columns, [], header.fields) == header.mapping, "\(header.columns)")
    }

    @Test func `a name that can mean two things is not guessed`() throws {
        let header = [
            "Artikel", "Lieferant", "Rabatt", "Fournisseur", "Total", "Gesamt", "Prix HT",
        ]
        #expect(try Self.map(header, [], Self.optional).isEmpty)
    }

    @Test func `a field and a column are named in any case`() throws {
        let header = ["sku", "name", "Unit Price", "unit price"]
        #expect(try Self.map(header, ["PRICE=unit price"])["price"] == "unit price")
        #expect(try Self.map(header, ["price=UNIT PRICE"])["price"] == "Unit Price")
        #expect(throws: Failure.self) { try Self.map(header, ["price=Cost"]) }
        #expect(throws: Failure.self) { try Self.map(header, ["prize=sku"]) }
        #expect(throws: Failure.self) { try Self.map(header, ["price"]) }
    }

    @Test func `a line's amount makes a price unnecessary, and a stock by location a stock`() throws
    {
        #expect(throws: Failure.self) {
            try Self.map(["sku", "quantity", "occurredAt"], [], .ofSales)
        }
        #expect(
            try Self.map(["sku", "quantity", "occurredAt", "amount"], [], .ofSales)["price"] == nil
        )
        let places = [
            ImportLocations.Place(id: .main, code: "main", name: "High Street"),
            ImportLocations.Place(id: .init(2), code: "depot", name: "Depot"),
        ]
        let fields: [ColumnMapping.Field] = .ofStock.with(ImportLocations(places, standard: .main))
        let mapped = try Self.map(["SKU", "[High Street] - Quantity", "Stock depot"], [], fields)
        #expect(
            mapped == [
                "sku": "SKU", "stock@main": "[High Street] - Quantity",
                "stock@depot": "Stock depot",
            ]
        )
        #expect(
            try Self.map(["SKU", "Nord"], ["stock@depot=nord"], fields)["stock@depot"] == "Nord"
        )
        #expect(throws: Failure.self) { try Self.map(["SKU", "Stock Nord"], [], fields) }
    }

    @Test func `a date and a time are one field or two`() throws {
        let both = try Self.map(["sku", "quantity", "price", "Date", "Time"], [], .ofSales)
        #expect((both["occurredAt"], both["timeOfDay"]) == ("Date", "Time"))
        let one = try Self.map(["sku", "quantity", "price", "Time"], [], .ofSales)
        #expect((one["occurredAt"], one["timeOfDay"]) == ("Time", nil))
    }

    @Test func `a guess is shown with its first values`() throws {
        let text = "sku,Qty\nA,1\nB,2\nC,3\nD,4\n"
        let records = try RecordReader(FileBytes(Array(text.utf8)))
        let mapping = try ColumnMapping(records.header, [], fields: .ofStock)
        #expect(mapping.summary == "columns: sku ← sku, stock ← Qty (guessed)")
        #expect(
            mapping.guesses(records)
                == "guessed: stock: \"1\", \"2\", \"3\"; --no-guess takes none of them"
        )
    }
}
