internal import InventoryModel

/// A cache of the blocks of instants, by cells of nine minutes: for rows recorded out of the order of their
/// times.
///
///     cell   │ first block │ second block │
///                         border
///
/// A cell has at most one border between blocks, nearly always; one with more is not cached.
struct BlockCache {
    private struct Cell {
        var number = Int64.max
        /// The first instant of the second block.
        var border = Int64.max
        var first: UInt32 = 0
        var second: UInt32 = 0
    }

    /// A cell is 2^29 µs long; 65,536 of them are more than a year.
    private static let shift: Int64 = 29
    private static let cellCount = 1 << 16

    private var cells: [Cell] = []

    /// Returns the block of an instant, if it is cached.
    func block(_ instant: Int64) -> UInt32? {
        guard !self.cells.isEmpty else { return nil }
        let number = instant >> Self.shift
        let cell = self.cells[Self.index(number)]
        guard cell.number == number else { return nil }
        return instant < cell.border ? cell.first : cell.second
    }

    /// Returns the instants of the cell that contains an instant, `[from, to)`.
    static func span(_ instant: Int64) -> TimeSpan {
        let from = (instant >> self.shift) << self.shift
        return TimeSpan(from: from, to: ZoneCalendar.sum(from, 1 << self.shift))
    }

    /// Caches that the cell of an instant is in one block up to a border, and in another from there.
    mutating func note(_ first: UInt32, upTo border: Int64, _ second: UInt32, at instant: Int64) {
        if self.cells.isEmpty {
            self.cells = Array(repeating: Cell(), count: Self.cellCount)
        }
        let number = instant >> Self.shift
        self.cells[Self.index(number)] = Cell(
            number: number,
            border: border,
            first: first,
            second: second
        )
    }

    mutating func clear() { self.cells = [] }

    /// Stops the process unless each cell is in its place.
    ///
    /// - Complexity: O(cells)
    func checkInvariants() {
        for (index, cell) in self.cells.enumerated() where cell.number != .max {
            precondition(Self.index(cell.number) == index, "cell \(cell.number) is at \(index)")
        }
    }

    private static func index(_ number: Int64) -> Int {
        Int(truncatingIfNeeded: number) & (self.cellCount - 1)
    }
}
