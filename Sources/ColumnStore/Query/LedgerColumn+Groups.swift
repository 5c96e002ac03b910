internal import CKernels

/// Memory for the sums of a segment's rows by code.
///
///     row 0       the number of rows of each code
///     row 1, 2 …  one sum per code
///
/// `@unchecked Sendable`: it belongs to one scan, which runs on one thread at a time.
package final class GroupSpace: @unchecked Sendable {
    /// The maximum number of codes.
    package static let codesMax = 1 << 12
    /// The maximum number of sums per code.
    package static let sumsMax = 8
    /// The maximum number of codes with four tables, so that adjacent rows use different ones and all
    /// stay in the first-level cache.
    private static let fourTablesMax = 1 << 8

    private let totals: UnsafeMutablePointer<Int64>
    /// All 0 between two uses.
    fileprivate let words: UnsafeMutablePointer<UInt64>
    fileprivate let slots: UnsafeMutablePointer<UInt32>
    fileprivate let seen: UnsafeMutablePointer<UInt8>
    package private(set) var codeCount = 0
    private var rowCount = 0

    package init() {
        self.totals = .allocate(capacity: GroupSpace.codesMax * (1 + GroupSpace.sumsMax))
        self.words = .allocate(capacity: GroupSpace.codesMax)
        self.words.initialize(repeating: 0, count: GroupSpace.codesMax)
        self.slots = .allocate(capacity: SegmentSize.capacity)
        self.seen = .allocate(capacity: GroupSpace.codesMax)
        self.seen.initialize(repeating: 0, count: GroupSpace.codesMax)
    }

    deinit {
        self.totals.deallocate()
        self.words.deallocate()
        self.slots.deallocate()
        self.seen.deallocate()
    }

    /// Resets all values to 0.
    package func begin(codes: Int, sums: Int) {
        precondition(codes <= Self.codesMax && sums <= Self.sumsMax, "\(sums) sums of \(codes)")
        (self.codeCount, self.rowCount) = (codes, 1 + sums)
        self.totals.update(repeating: 0, count: codes * (1 + sums))
    }

    /// The row counts of all codes, then each sum of all codes.
    package var values: UnsafeBufferPointer<Int64> {
        UnsafeBufferPointer(start: self.totals, count: self.rowCount * self.codeCount)
    }

    package subscript(row: Int) -> UnsafeMutablePointer<Int64> {
        precondition(row < self.rowCount, "row \(row) of \(self.rowCount)")
        return self.totals + row * self.codeCount
    }

    fileprivate var tableCount: Int { self.codeCount <= Self.fourTablesMax ? 4 : 1 }
}

extension LedgerColumn where Value == UInt32 {
    /// Counts the picked rows per code of this column's values, and sums each column per code, wrapping.
    ///
    /// The map must contain all values, and `space` as many codes as the map.
    package func addGroups(
        _ segment: Int,
        _ pick: RowPick,
        by map: CodeMap,
        of columns: [(column: LedgerColumn<Int64>, row: Int)],
        to space: GroupSpace
    ) {
        precondition(
            map.limit == space.codeCount,
            "\(map.limit) codes in space for \(space.codeCount)"
        )
        precondition(Int(self.zone(segment).highest) < map.count, "beyond the map")
        guard pick.count > 0 else { return }
        if case .run(let run) = pick,
            self.addWords(segment, run: run, map: map, columns: columns, space: space)
        {
            return
        }
        self.appendCodes(segment, pick, multiplier: 0, map: map, to: space.slots)
        let counts = space[0]
        for index in 0..<pick.count { counts[Int(space.slots[index])] += 1 }
        for (column, row) in columns {
            column.add(segment, pick, slots: space.slots, to: space[row], marking: space.seen)
        }
    }

    /// Adds a run of rows with the sums of up to two columns packed in one word per code.
    ///
    /// The segments' zone maps determine the bits, so each row costs one addition.
    ///
    /// - Returns: `false` for an open segment, or if a column is too wide.
    private func addWords(
        _ segment: Int,
        run: Range<Int>,
        map: CodeMap,
        columns: [(column: LedgerColumn<Int64>, row: Int)],
        space: GroupSpace
    ) -> Bool {
        guard segment < self.sealed.count, [1, 2, 4].contains(self.sealed[segment].width),
            let words = GroupWord.words(of: columns, segment, run.count)
        else { return false }
        precondition(run.lowerBound >= 0 && run.upperBound <= SegmentSize.capacity, "\(run)")
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: space.codeCount) { counts in
            for (index, word) in words.enumerated() {
                let isFirst = index == 0
                self.withNarrowed(segment) { codes in
                    word.withParts(of: columns, segment) { first, second in
                        var groups = Self.groups(
                            codes,
                            run: run,
                            word: word,
                            first: first,
                            second: second
                        )
                        groups.each = isFirst ? 1 : 0
                        if run.upperBound == SegmentSize.capacity {
                            groups.next_codes = self.start(ofSealed: segment + 1)
                            groups.next_first = word.start(0, of: columns, segment + 1)
                            groups.next_second = word.start(1, of: columns, segment + 1)
                        }
                        space.add(&groups, map, base: Int(codes.base))
                    }
                }
                invd_fold_groups(space.words, space.codeCount, space.tableCount)
                if isFirst {
                    for code in 0..<space.codeCount {
                        counts[code] = space.words[code] & GroupWord.countMask
                        space[0][code] &+= Int64(counts[code])
                    }
                }
                for part in word.parts {
                    invd_take_groups(
                        space[columns[part.index].row],
                        space.words,
                        counts.baseAddress,
                        space.codeCount,
                        part.shift,
                        part.mask,
                        part.base
                    )
                }
                space.words.update(repeating: 0, count: space.codeCount)
            }
            for (column, row) in columns where column.sealed[segment].width == 0 {
                let value = column.sealed[segment].base
                for code in 0..<space.codeCount {
                    space[row][code] &+= value &* Int64(counts[code])
                }
            }
            return true
        }
    }

    private static func groups(
        _ codes: NarrowedValues,
        run: Range<Int>,
        word: GroupWord,
        first: NarrowedValues?,
        second: NarrowedValues?
    ) -> invd_group_sums {
        var groups = invd_group_sums()
        groups.count = run.count
        groups.codes = codes.start(at: run.lowerBound)
        groups.codes_width = codes.width
        if let first {
            groups.first = first.start(at: run.lowerBound)
            groups.first_width = first.width
            groups.first_shift = word.parts[0].shift
        }
        if let second {
            groups.second = second.start(at: run.lowerBound)
            groups.second_width = second.width
            groups.second_shift = word.parts[1].shift
        }
        return groups
    }
}

extension LedgerColumn {
    /// Returns the address of a segment's offsets, for prefetching only.
    fileprivate func start(ofSealed segment: Int) -> UnsafeRawPointer? {
        guard segment < self.sealed.count else { return nil }
        return self.sealed[segment].bytes.withUnsafeBytes { $0.baseAddress }
    }
}

extension NarrowedValues {
    fileprivate func start(at offset: Int) -> UnsafeRawPointer? {
        self.bytes.baseAddress.map { $0 + offset * self.width }
    }
}

extension GroupSpace {
    /// Adds to the words; the map starts at the code of `base`.
    fileprivate func add(_ groups: inout invd_group_sums, _ map: CodeMap, base: Int) {
        groups.tables = self.words
        groups.slots = self.codeCount
        groups.table_count = self.tableCount
        map.withBytes { bytes, width in
            groups.map = bytes + base * width
            groups.map_width = width
            invd_add_groups(&groups)
        }
    }
}

/// The columns whose sums share a word, and their positions in it.
///
/// The lowest bits of the first word count the rows.
private struct GroupWord {
    struct Part {
        /// The index of the column.
        let index: Int
        let base: UInt64
        let shift: UInt32
        let mask: UInt64
    }

    /// At most two.
    var parts: [Part] = []

    private static let countBits = SegmentSize.shift + 1
    static let countMask: UInt64 = 1 << UInt64(countBits) - 1

    /// Returns `nil` if a segment is open, or its offsets are too wide.
    static func words(
        of columns: [(column: LedgerColumn<Int64>, row: Int)],
        _ segment: Int,
        _ count: Int
    ) -> [GroupWord]? {
        var words = [GroupWord()]
        var shift = Self.countBits
        for index in columns.indices {
            guard segment < columns[index].column.sealed.count else { return nil }
            let sealed = columns[index].column.sealed[segment]
            if sealed.width == 0 { continue }
            guard sealed.width <= 4 else { return nil }
            let spread = UInt64(bitPattern: sealed.zone.highest &- sealed.zone.lowest)
            let bits = UInt64.bitWidth - (spread &* UInt64(count)).leadingZeroBitCount
            if shift + bits > UInt64.bitWidth || words[words.count - 1].parts.count == 2 {
                words.append(GroupWord())
                shift = 0
            }
            words[words.count - 1].parts.append(
                Part(
                    index: index,
                    base: UInt64(bitPattern: sealed.base),
                    shift: UInt32(shift),
                    mask: 1 << UInt64(bits) - 1
                )
            )
            shift += bits
        }
        return words
    }

    /// Returns the address of one of its parts in a segment, for prefetching.
    func start(
        _ part: Int,
        of columns: [(column: LedgerColumn<Int64>, row: Int)],
        _ segment: Int
    ) -> UnsafeRawPointer? {
        guard part < self.parts.count else { return nil }
        return columns[self.parts[part].index].column.start(ofSealed: segment)
    }

    /// Calls `body` with the narrowed values of its parts, valid only inside it.
    func withParts<Result>(
        of columns: [(column: LedgerColumn<Int64>, row: Int)],
        _ segment: Int,
        _ body: (NarrowedValues?, NarrowedValues?) -> Result
    ) -> Result {
        guard let first = self.parts.first else { return body(nil, nil) }
        return columns[first.index].column.withNarrowed(segment) { one in
            guard self.parts.count > 1 else { return body(one, nil) }
            return columns[self.parts[1].index].column.withNarrowed(segment) { body(one, $0) }
        }
    }
}

extension CodeMap {
    /// Calls `body` with the codes and their byte count: 1 or 2, as the codes of a group space are few.
    fileprivate func withBytes(_ body: (UnsafeRawPointer, Int) -> Void) {
        switch self.codes {
        case .bytes(let codes):
            codes.withUnsafeBytes { if let start = $0.baseAddress { body(start, 1) } }
        case .shorts(let codes):
            codes.withUnsafeBytes { if let start = $0.baseAddress { body(start, 2) } }
        case .words(let codes): preconditionFailure("\(codes.count) codes of four bytes")
        }
    }
}
