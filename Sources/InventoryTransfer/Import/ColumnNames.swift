internal import Foundation

/// The usual names of columns in German, French and Spanish, by field.
///
///     Artikel-Nr.;Bezeichnung;VK;Bestand      sku, name, price, stock
///     Référence;Désignation;Prix;Quantité     of products: of sales, the first is that of a receipt as well
///
/// Names are in lowercase letters and digits, without accents. A name with two usual meanings is not among them:
/// Artikel is a number or a name, Summe and Total are those of a line or of a receipt, Lieferant is no field.
enum ColumnNames {
    /// Names of fields that mean the same in every kind of file.
    static let all: [String: [String]] = [
        "sku": [
            "artikelnummer", "artikelnr", "artnr", "artikelcode", "produktnummer", "produktcode",
            "codearticle", "codeproduit", "refarticle", "referencearticle", "referenceproduit",
            "codigodeproducto", "codigoproducto", "codigodearticulo", "codigoarticulo",
            "referenciadeproducto", "referenciaproducto",
        ],
        "name": [
            "artikelname", "artikelbezeichnung", "produktname", "produktbezeichnung", "bezeichnung",
            "nomduproduit", "nomproduit", "designation", "libelle", "nom", "nombredelproducto",
            "nombreproducto", "denominacion", "nombre",
        ],
        "price": [
            "verkaufspreis", "vkpreis", "vk", "einzelpreis", "stuckpreis", "preis", "prixdevente",
            "prixunitaire", "prix", "preciodeventa", "precioventa", "preciounitario", "pvp",
            "precio",
        ],
        "cost": [
            "einkaufspreis", "ekpreis", "ek", "einstandspreis", "prixdachat", "prixderevient",
            "coutunitaire", "cout", "preciodecompra", "preciocompra", "costeunitario",
            "costounitario", "coste", "costo",
        ],
        "category": [
            "kategorie", "warengruppe", "produktgruppe", "artikelgruppe", "categorie", "famille",
            "categoria", "familia",
        ],
        "barcode": Self.barcodes,
        "unit": ["einheit", "mengeneinheit", "unite", "unidad", "unidaddemedida"],
        "stock": [
            "lagerbestand", "bestand", "menge", "anzahl", "stuckzahl", "stockactuel", "quantite",
            "qte", "existencias", "stockactual", "cantidad",
        ],
        "quantity": [
            "menge", "anzahl", "stuckzahl", "quantite", "qte", "cantidad", "unidades",
        ],
        "amount": [
            "betrag", "zeilenbetrag", "zeilensumme", "gesamtpreis", "positionsbetrag", "montant",
            "montantligne", "totalligne", "importe", "importelinea", "totallinea",
        ],
        "occurredAt": [
            "datum", "verkaufsdatum", "belegdatum", "rechnungsdatum", "buchungsdatum",
            "zeitstempel", "datedevente", "datevente", "datedefacture", "dateheure", "horodatage",
            "fecha", "fechadeventa", "fechaventa", "fechadefactura", "fechahora", "fechayhora",
        ],
        "timeOfDay": ["uhrzeit", "verkaufszeit", "zeit", "heure", "hora"],
        "location": [
            "filiale", "lager", "lagerort", "standort", "magasin", "boutique", "entrepot", "depot",
            "tienda", "almacen", "sucursal",
        ],
        "brand": ["marke", "hersteller", "marque", "fabricant", "marca", "fabricante"],
        "reorderPoint": [
            "meldebestand", "mindestbestand", "seuildalerte", "stockminimum", "stockmini",
            "stockminimo",
        ],
        "reorderTarget": [
            "sollbestand", "maximalbestand", "hochstbestand", "stockmaximum", "stockmaxi",
            "stockmaximo",
        ],
        "packSize": ["verpackungseinheit", "vpe", "colisage"],
        "leadTimeDays": ["lieferzeittage", "lieferzeitintagen"],
    ]

    /// Names of the barcode, by which a stock list may also identify products.
    static let barcodes = [
        "strichcode", "eancode", "eannummer", "eannr", "codebarres", "codebarre", "codeabarres",
        "gencod", "codigodebarras", "codigobarras",
    ]

    /// Names only of products: in other files they are those of a receipt or a delivery as well.
    static let ofProducts: [String: [String]] = [
        "sku": ["reference", "referencia"]
    ]

    /// Names only of stock.
    static let ofStock: [String: [String]] = [
        "sku": Self.barcodes,
        "reference": [
            "lieferscheinnummer", "lieferscheinnr", "lieferschein", "bestellnummer", "bestellnr",
            "bondelivraison", "albaran", "pedido",
        ],
    ]

    /// Names only of sales.
    static let ofSales: [String: [String]] = [
        "reference": [
            "belegnummer", "belegnr", "bonnummer", "bonnr", "bon", "rechnungsnummer",
            "rechnungsnr", "bestellnummer", "bestellnr", "transaktionsnummer", "ticket",
            "nticket", "numerodeticket", "numeroticket", "numerodefacture", "nfacture", "facture",
            "factura", "numerodefactura", "nfactura", "recibo", "pedido",
        ]
    ]

    /// Returns a name in lowercase letters and digits, without accents.
    static func plain(_ name: String) -> String {
        let isAccent: (Unicode.Scalar) -> Bool = { (0x300...0x36F).contains($0.value) }
        let letters = name.lowercased().filter { $0.isLetter || $0.isNumber }
        guard letters.utf8.contains(where: { $0 >= 0x80 }) else { return letters }
        let scalars = letters.decomposedStringWithCanonicalMapping.unicodeScalars
        return String(String.UnicodeScalarView(scalars.filter { !isAccent($0) }))
    }
}

extension [ColumnMapping.Field] {
    /// Adds the names of ``ColumnNames`` that mean these fields, and `more` names of this kind of file.
    func named(_ more: [String: [String]]) -> Self {
        self.map { field in
            var field = field
            field.synonyms += (ColumnNames.all[field.name] ?? []) + (more[field.name] ?? [])
            return field
        }
    }
}
