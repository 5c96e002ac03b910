import Foundation

/// Rejected rows by number and reason: all are counted, up to a limit are listed.
struct ProblemList: Sendable {
    private var listed: [(row: Int, text: String)] = []
    private(set) var count = 0
    let listedMax: Int
    /// Rows from this number on are not listed.
    private var bound = Int.max

    /// Creates a list of the file's first `listedMax` rejected rows.
    init(listedMax: Int) { self.listedMax = listedMax }

    mutating func add(_ row: Int, _ reason: @autoclosure () -> String) {
        self.count += 1
        guard row < self.bound else { return }
        self.listed.append((row, reason()))
        guard self.listedMax < Int.max / 2, self.listed.count > self.listedMax * 2 else { return }
        // Answers come slightly out of the file's order; a list of twice the limit restores it.
        self.listed.sort { $0.row < $1.row }
        self.listed.removeLast(self.listed.count - self.listedMax)
        self.bound = self.listed.last?.row ?? 0
    }

    /// Adds the rows of a later part of the file, with `rowsBefore` rows before it.
    mutating func add(_ part: ProblemList, rowsBefore: Int) {
        for problem in part.listed { self.add(problem.row + rowsBefore, problem.text) }
        self.count += part.count - part.listed.count
    }

    /// The listed rows, in the file's order.
    var rows: RejectedRows {
        let rows = self.listed.sorted { $0.row < $1.row }.prefix(self.listedMax)
        return RejectedRows(
            rows: rows.map { ($0.row, $0.text) },
            restCount: self.count - rows.count
        )
    }
}

/// A shared ``ProblemList``.
final class Problems {
    private(set) var list: ProblemList

    /// Creates a list of the file's first `listedMax` rejected rows.
    init(listedMax: Int) { self.list = ProblemList(listedMax: listedMax) }

    /// The numbers of the rejected rows, if they are remembered.
    private var numbers: Set<Int> = []
    /// Whether to remember numbers.
    var remembersNumbers = false

    var count: Int { self.list.count }

    func add(_ row: Int, _ reason: @autoclosure () -> String) {
        self.list.add(row, reason())
        if self.remembersNumbers { self.numbers.insert(row) }
    }

    /// Whether a row was rejected since ``remembersNumbers`` was set.
    func contains(_ row: Int) -> Bool { self.numbers.contains(row) }

    func add(_ part: ProblemList, rowsBefore: Int = 0) {
        self.list.add(part, rowsBefore: rowsBefore)
    }
}
