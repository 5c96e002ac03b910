import InventoryClient
internal import InventoryModel
import InventoryWire

/// The locations that a file can name, by code or by name.
struct ImportLocations: Sendable {
    struct Place: Sendable {
        var id: LocationID
        var code: String
        var name: String
    }

    let all: [Place]
    /// The location of rows that name none.
    let standard: LocationID
    private let ids: [String: LocationID]

    /// Creates the list; names that several locations have name none of them.
    init(_ all: [Place], standard: LocationID) {
        self.all = all
        self.standard = standard
        let codes = all.map { (NormalizedText.key($0.code), $0.id) }
        let byCode = Dictionary(codes) { first, _ in first }
        let names = all.map { (NormalizedText.key($0.name), Optional($0.id)) }
        let byName = Dictionary(names) { first, second in first == second ? first : nil }
        self.ids = byName.compactMapValues { $0 }.merging(byCode) { _, code in code }
    }

    /// The field of the stock at a location, for files with a column for each.
    static func stockField(_ code: String) -> String { "stock@\(code)" }

    /// Returns the location with a code or a name in UTF-8; ``standard`` if it is empty.
    @inline(__always)
    func id(_ name: UnsafeRawBufferPointer) -> LocationID? {
        if name.isEmpty { return self.standard }
        for place in self.all where name.elementsEqual(place.code.utf8) { return place.id }
        return self.ids[NormalizedText.key(String(decoding: name, as: UTF8.self))]
    }

    /// Returns the location with a code or a name; `nil` if there is none.
    func place(_ name: String) -> Place? {
        let id = self.ids[NormalizedText.key(name)]
        return self.all.first { $0.id == id }
    }

    /// Returns the columns with the stock of a location each.
    func columns(
        of mapping: ColumnMapping?
    ) -> [(location: LocationID, name: String, column: Int)] {
        self.all.compactMap { place in
            let name = Self.stockField(place.code)
            let column = mapping?.column(name) ?? .max
            return column == .max ? nil : (place.id, name, column)
        }
    }

    /// Why a name is that of no location.
    func problem(_ name: String) -> String {
        "location: there is no location \"\(name)\"; invctl location add creates one"
    }
}

extension TransferHost {
    /// Returns the server's locations; rows without one are of the location with the code `at`.
    func importLocations(at: String?) async throws -> ImportLocations {
        let standard = try await self.location(at)
        let places = try await self.client.locations().rows.map {
            ImportLocations.Place(id: $0.id, code: $0.code, name: $0.name)
        }
        return ImportLocations(places, standard: standard)
    }
}

/// The database's currency, as amounts of a file are in it.
struct FileCurrency: Sendable {
    /// The ISO 4217 code.
    var code: String
    /// The decimals of its minor unit.
    var decimals: UInt8
}

extension TransferHost {
    var currency: FileCurrency {
        FileCurrency(code: self.server.currencyCode, decimals: self.server.currencyDecimals)
    }
}
