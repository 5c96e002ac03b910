internal import CKernels

/// A map from column values to codes: from products to categories, for example.
///
/// Codes use as few bytes as the largest needs, so that the map of a hundred thousand products stays in
/// the cache during look-ups.
package struct CodeMap: Sendable {
    enum Codes: Sendable {
        case bytes([UInt8])
        case shorts([UInt16])
        case words([UInt32])
    }

    let codes: Codes
    /// An exclusive upper bound of the codes.
    package let limit: Int

    /// Maps each row number to its value, which must be below `limit`.
    ///
    /// - Complexity: O(rows)
    package init(_ column: Column<UInt32>, below limit: Int) {
        self.limit = limit
        self.codes =
            switch limit {
            case ...(1 << 8): .bytes(column.codes(below: limit))
            case ...(1 << 16): .shorts(column.codes(below: limit))
            default: .words(column.codes(below: limit))
            }
    }

    /// Maps each number from 0 to its code, which must be below `limit`.
    ///
    /// - Complexity: O(codes)
    package init(_ codes: [UInt32], below limit: Int) {
        precondition(codes.allSatisfy { Int($0) < limit }, "a code is not below \(limit)")
        self.limit = limit
        self.codes =
            switch limit {
            case ...(1 << 8): .bytes(codes.map { UInt8(truncatingIfNeeded: $0) })
            case ...(1 << 16): .shorts(codes.map { UInt16(truncatingIfNeeded: $0) })
            default: .words(codes)
            }
    }

    /// The number of mapped values, which start at 0.
    package var count: Int {
        switch self.codes {
        case .bytes(let codes): codes.count
        case .shorts(let codes): codes.count
        case .words(let codes): codes.count
        }
    }

    /// Returns the mark of each value's code, or 0 for codes without a mark.
    package func marks(_ marks: [UInt8]) -> [UInt8] {
        func look<Code: FixedWidthInteger>(_ codes: [Code]) -> [UInt8] {
            codes.map { Int($0) < marks.count ? marks[Int($0)] : 0 }
        }
        return switch self.codes {
        case .bytes(let codes): look(codes)
        case .shorts(let codes): look(codes)
        case .words(let codes): look(codes)
        }
    }

    /// Returns whether every value that both maps contain has the same code in both.
    ///
    /// - Complexity: O(values)
    package func agrees(with other: CodeMap) -> Bool {
        switch (self.codes, other.codes) {
        case (.bytes(let one), .bytes(let two)): Self.agree(one, two)
        case (.shorts(let one), .shorts(let two)): Self.agree(one, two)
        case (.words(let one), .words(let two)): Self.agree(one, two)
        default: false
        }
    }

    private static func agree<Code: FixedWidthInteger>(_ one: [Code], _ two: [Code]) -> Bool {
        let count = min(one.count, two.count)
        return one.withUnsafeBytes { one in
            two.withUnsafeBytes { two in
                invd_equal(one.baseAddress, two.baseAddress, count * MemoryLayout<Code>.stride)
            }
        }
    }
}

extension Column where Value == UInt32 {
    /// Returns all values, each of which must be below a limit that fits the type.
    fileprivate func codes<Code: FixedWidthInteger>(below limit: Int) -> [Code] {
        [Code](unsafeUninitializedCapacity: self.count) { buffer, count in
            for segment in 0..<self.imageSegmentCount {
                self.open(segment).withValues { values in
                    var largest: UInt32 = 0
                    for index in 0..<values.count {
                        largest = max(largest, values[index])
                        buffer[count + index] = Code(truncatingIfNeeded: values[index])
                    }
                    precondition(Int(largest) < limit, "\(largest) is not below \(limit)")
                    count += values.count
                }
            }
        }
    }
}
