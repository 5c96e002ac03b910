internal import ColumnStore
internal import InventoryEngine

/// The unit of a product's quantities: a unit and its decimals.
struct UnitID: Hashable, Sendable {
    /// The code of the unit's string, then its decimals.
    fileprivate let number: UInt64

    init(code: UInt32, decimals: UInt8) { self.number = UInt64(code) << 8 | UInt64(decimals) }

    /// The code of its name in the string table.
    var code: UInt32 { UInt32(self.number >> 8) }
    var decimals: UInt8 { UInt8(truncatingIfNeeded: self.number) }
}

/// The unit of a group's quantities: half a kilogram and two boxes have no sum.
enum GroupUnit: Hashable, Sendable {
    /// The group has no rows.
    case none
    case one(UnitID)
    case mixed

    mutating func add(_ unit: UnitID) {
        switch self {
        case .none: self = .one(unit)
        case .one(let known): if known != unit { self = .mixed }
        case .mixed: break
        }
    }

    mutating func add(_ other: GroupUnit) {
        switch other {
        case .none: break
        case .one(let unit): self.add(unit)
        case .mixed: self = .mixed
        }
    }
}

extension ProductTable {
    func unit(_ row: Int) -> UnitID {
        UnitID(code: self.unitCodes[row], decimals: self.unitDecimals[row])
    }

    /// The unit of all products; `nil` if they have several, or there are no products.
    ///
    /// - Complexity: O(segments) if all products were created with one unit, else O(products)
    var onlyUnit: UnitID? {
        guard self.rowCount > 1 else { return nil }
        let unit = self.unit(1)
        return Self.isOnly(unit.code, self.unitCodes)
            && Self.isOnly(unit.decimals, self.unitDecimals)
            ? unit : nil
    }

    /// Whether every row but the reserved first one has that value.
    private static func isOnly<Value>(_ value: Value, _ column: Column<Value>) -> Bool {
        var isOnly = true
        column.scanSegments(of: 1..<column.count, mayContain: nil) { rows in
            let zone = column.zoneMap(ofSegment: rows.lowerBound >> SegmentSize.shift)
            if zone.lowest == value, zone.highest == value { return true }
            isOnly = rows.allSatisfy { column[$0] == value }
            return isOnly
        }
        return isOnly
    }
}

/// Classes of products for aggregation: their category, and their unit in a shop with several.
///
///     product   0  1  2  3  4
///     class     0  1  1  2  1      1: fruit in kg, 2: fruit in boxes
///
/// Quantities are summed per unit, and groups with a single unit are identified at the end.
struct ProductClasses: Sendable {
    /// The class of each product.
    let map: CodeMap
    /// By class: its category; `nil` if classes are categories.
    private let categories: [UInt32]?
    /// By class: its unit; `nil` if there is one unit.
    private let units: [UnitID]?

    /// - Complexity: O(products)
    init(_ view: ReadView) {
        let products = view.tables.products
        guard products.rowCount > 1, products.onlyUnit == nil else {
            self.map = view.categoryMap
            (self.categories, self.units) = (nil, nil)
            return
        }
        var classes: [PairKey: UInt32] = [:]
        var codes: [UInt32] = []
        codes.reserveCapacity(products.rowCount)
        var categories: [UInt32] = []
        var units: [UnitID] = []
        var last: (key: PairKey, code: UInt32)?
        for row in 0..<products.rowCount {
            let key = PairKey(category: products.categories[row], unit: products.unit(row))
            if let last, last.key == key {
                codes.append(last.code)
                continue
            }
            let code: UInt32
            if let known = classes[key] {
                code = known
            } else {
                code = UInt32(categories.count)
                classes[key] = code
                categories.append(key.category)
                units.append(key.unit)
            }
            codes.append(code)
            last = (key, code)
        }
        self.map = CodeMap(codes, below: max(1, categories.count))
        self.categories = categories
        self.units = units
    }

    private struct PairKey: Hashable {
        var category: UInt32
        var unit: UnitID

        func hash(into hasher: inout Hasher) {
            hasher.combine(UInt64(self.category) &* 0x9E37_79B9_7F4A_7C15 ^ self.unit.number)
        }
    }

    /// An exclusive upper bound of the classes.
    var limit: Int { self.map.limit }

    func category(_ number: Int) -> UInt32 { self.categories?[number] ?? UInt32(number) }

    /// Returns the unit of a class; `nil` if all have the same.
    func unit(_ number: Int) -> UnitID? { self.units?[number] }

    /// Whether several classes may belong to one category.
    var splitsCategories: Bool { self.categories != nil }

    /// Returns a mark for each class: that of its category, 0 for categories without a mark.
    func marks(_ marks: [UInt8]) -> [UInt8] {
        (0..<self.limit).map {
            let category = Int(self.category($0))
            return category < marks.count ? marks[category] : 0
        }
    }
}
