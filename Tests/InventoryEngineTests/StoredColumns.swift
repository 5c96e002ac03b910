import Bytes
import ColumnStore
import InventoryModel
import Testing

@testable import InventoryEngine

/// A column, compared by its values.
struct ColumnValues: Hashable, Comparable {
    /// The checksum of its values.
    var checksum: UInt64
    /// The number of values; `nil` for the bytes of strings.
    var count: Int?

    init(_ column: some ColumnImaging) {
        self.checksum = column.checksum(ofPart: 0)
        self.count = column.imageRowCount
    }

    static func < (left: Self, right: Self) -> Bool {
        (left.checksum, left.count ?? -1) < (right.checksum, right.count ?? -1)
    }
}

/// The stored columns of a table, found by reflection: no list can miss one.
struct StoredColumns {
    /// By the path of the stored property; a column of strings has two parts.
    private(set) var columns: [String: [ColumnValues]] = [:]
    /// The properties that are no columns.
    private(set) var others: Set<String> = []

    init(of table: Any) { self.add(table, "") }

    var all: [ColumnValues] { self.columns.values.flatMap { $0 }.sorted() }

    private mutating func add(_ value: Any, _ path: String) {
        for child in Mirror(reflecting: value).children {
            let name = path + (child.label ?? "?")
            if var strings = child.value as? TextColumn {
                var parts = ColumnParts()
                strings.visitParts(0, &parts)
                self.columns[name] = parts.values
            } else if let column = child.value as? any ColumnImaging {
                self.columns[name] = [ColumnValues(column)]
            } else if child.value is OpenItemColumns || child.value is any StoredTable {
                self.add(child.value, name + ".")
            } else {
                self.others.insert(name)
            }
        }
    }

    /// Removes a column that is derived from others.
    mutating func remove(_ name: String) {
        #expect(self.columns.removeValue(forKey: name) != nil, "there is no \(name)")
    }
}

/// The columns that a table visits.
struct ColumnParts: ImageVisitor {
    typealias Failure = Never
    private(set) var values: [ColumnValues] = []
    private(set) var numbers: [UInt32] = []

    mutating func visit(_ number: UInt32, _ column: inout some ColumnImaging) {
        self.numbers.append(number)
        self.values.append(ColumnValues(column))
    }
}
