import Foundation

/// Rows that cannot be taken, by number and reason: counted all, listed up to a limit.
struct ProblemList: Sendable {
    private var listed: [(row: Int, text: String)] = []
    private(set) var count = 0
    let listedMax: Int
    /// Rows from here on are beyond what is listed.
    private var bound = Int.max

    /// `listedMax`: As many are listed, the first of the file.
    init(listedMax: Int) { self.listedMax = listedMax }

    mutating func add(_ row: Int, _ reason: @autoclosure () -> String) {
        self.count += 1
        guard row < self.bound else { return }
        self.listed.append((row, reason()))
        guard self.listedMax < Int.max / 2, self.listed.count > self.listedMax * 2 else { return }
        // Answers come a little out of the file's order; room for twice as many puts them right.
        self.listed.sort { $0.row < $1.row }
        self.listed.removeLast(self.listed.count - self.listedMax)
        self.bound = self.listed.last?.row ?? 0
    }

    /// Adds those of a later part of the file, which has so many rows before it.
    mutating func add(_ part: ProblemList, rowsBefore: Int) {
        for problem in part.listed { self.add(problem.row + rowsBefore, problem.text) }
        self.count += part.count - part.listed.count
    }

    /// A line for each that is listed, in the file's order, and one for what is not.
    var lines: [String] {
        let rows = self.listed.sorted { $0.row < $1.row }.prefix(self.listedMax)
        let rest = self.count - rows.count
        return rows.map { "row \($0.row)  \($0.text)" }
            + (rest > 0 ? ["… and \(rest) more; --errors all lists every one"] : [])
    }
}

/// A ``ProblemList`` that those who find problems share.
final class Problems {
    private(set) var list: ProblemList

    /// `listedMax`: As many are listed, the first of the file.
    init(listedMax: Int) { self.list = ProblemList(listedMax: listedMax) }

    var count: Int { self.list.count }

    func add(_ row: Int, _ reason: @autoclosure () -> String) { self.list.add(row, reason()) }

    func add(_ part: ProblemList, rowsBefore: Int = 0) {
        self.list.add(part, rowsBefore: rowsBefore)
    }
}
