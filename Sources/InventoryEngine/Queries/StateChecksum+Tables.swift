public import Bytes
internal import ColumnStore
public import InventoryModel

/// The state checksum: one definition over every table, with the sessions and the idempotency keys.
///
/// Snapshots log it, a query returns it, a backup ends with it, and a restore compares it.
extension ReadView {
    /// Returns the checksum of a view with the remembered outcomes.
    ///
    /// - Precondition: The view is an `InventoryState.wholeView()`.
    /// - Throws: The refusal of work that was cancelled.
    /// - Complexity: O(rows), without those of sealed segments that were summed before
    func stateChecksum() throws(Refusal) -> StateChecksum {
        guard let outcomes = self.outcomes else {
            preconditionFailure("a view without the outcomes is not the whole state")
        }
        var summer = PartSummer(token: self.token)
        summer.checksum.add(self.headSum)
        var tables = self.tables
        try tables.visit(&summer)
        summer.checksum.add(outcomes.checksumSum)
        return summer.checksum
    }

    /// The state checksum of an `InventoryState.wholeView()`.
    ///
    /// - Complexity: O(rows), without those of sealed segments that were summed before
    public func wholeChecksum() -> StateChecksum {
        guard let outcomes = self.outcomes else {
            preconditionFailure("a view without the outcomes is not the whole state")
        }
        return self.checksum(with: outcomes)
    }

    /// ``stateChecksum()`` of this view, which may lack the outcomes, with them.
    func checksum(with outcomes: RememberedOutcomes) -> StateChecksum {
        var view = self
        view.token = nil
        view.outcomes = outcomes
        do throws(Refusal) {
            return try view.stateChecksum()
        } catch {
            preconditionFailure("a checksum without a token was cancelled: \(error)")
        }
    }

    /// LSN, time and currency: rows 0 to 2 of the head.
    private var headSum: UInt64 {
        let code = Array((self.currency?.code ?? "").utf8)
        let values = [
            self.lsn.value, UInt64(bitPattern: self.time.microseconds),
            code.withUnsafeBytes { Hash64.hash($0) },
        ]
        return values.enumerated().reduce(0) { sum, value in
            sum
                &+ StateChecksum.cell(
                    ofPart: InventoryState.checksumHeadPart,
                    row: value.offset,
                    value: value.element
                )
        }
    }

    private struct PartSummer: ImageVisitor {
        typealias Failure = Refusal
        let token: WorkToken?
        var checksum = StateChecksum()

        init(token: WorkToken?) { self.token = token }

        mutating func visit(
            _ number: UInt32,
            _ column: inout some ColumnImaging
        ) throws(Refusal) {
            try self.token?.checkpoint()
            // A column of a later version leaves the checksum of older states as it was until it is used.
            if column.imageRowCount == 0, InventoryTables.isLater(part: number) { return }
            self.checksum.add(column.checksum(ofPart: number))
        }
    }

    func stateChecksumAnswer() throws(Refusal) -> Answer {
        let checksum = try self.stateChecksum()
        return Answer([ResultField("checksum", .text)], over: [checksum]) { [.text("\($0)")] }
    }
}

extension Query {
    /// Whether its answer needs an `InventoryState.wholeView()`.
    public var needsWholeView: Bool {
        switch self {
        case .verify, .stateChecksum: true
        default: false
        }
    }
}

/// What a retry is answered from: the sessions and the idempotency keys.
///
/// It is a part of the state, but of no answer, so only a whole view has it.
package struct RememberedOutcomes: Sendable {
    let sessions: SessionTable
    let keys: KeyLog

    fileprivate var checksumSum: UInt64 {
        self.sessions.checksum(ofPart: InventoryState.headPart)
            &+ self.keys.checksum(ofPart: InventoryState.keysPart)
    }
}

extension InventoryState {
    /// The part of the state checksum with LSN, time and currency; no part of a snapshot has this number.
    static let checksumHeadPart: UInt32 = 0

    var outcomes: RememberedOutcomes {
        RememberedOutcomes(sessions: self.sessions, keys: self.keys.log)
    }

    /// The whole state frozen at this LSN: a view with the outcomes that retries are answered from.
    ///
    /// - Complexity: O(columns), and O(sessions) for the first step after it, which copies their table: 0.7 ms for
    ///   `Limits/sessionsMax` of them. Their outcomes are shared, and so are the
    ///   keys but for the chunk that is written to.
    public func wholeView() -> ReadView {
        var view = self.readView()
        view.outcomes = self.outcomes
        return view
    }

    /// The state checksum.
    ///
    /// - Complexity: O(rows), without those of sealed segments that were summed before
    public func checksum() -> StateChecksum { self.readView().checksum(with: self.outcomes) }
}
