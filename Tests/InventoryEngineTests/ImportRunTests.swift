import Bytes
import ColumnStore
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryEngine

/// Runs of imports: a row that is retained, and by which their session continues after it was forgotten.
@Suite struct ImportRunTests {
    private static let session = SessionID(high: 7, low: 9)

    private static func record(
        _ name: String = "monday",
        kind: ImportKind = .add,
        content: String = "c",
        layout: String = "l",
        session: SessionID = Self.session
    ) -> RecordImportRun {
        RecordImportRun(
            run: name,
            kind: kind,
            content: content,
            layout: layout,
            session: session.hexadecimal
        )
    }

    private static func finished(_ counts: ImportCounts) -> RecordImportRun {
        var record = Self.record()
        record.isFinished = true
        record.counts = counts
        return record
    }

    /// An encoded errors-only outcome with that number of refusals.
    private static func outcome(refusals: Int) -> [UInt8] {
        let refused = (0..<refusals).map {
            Outcome.ErrorsOnly.Refused(index: $0, refusal: Refusal(.skuTaken))
        }
        var writer = ByteWriter()
        Outcome.errorsOnly(Outcome.ErrorsOnly(count: refusals, refused: refused))
            .encode(into: &writer)
        return writer.array()
    }

    /// Opens the session of a run.
    private static func open(
        _ bench: inout Bench,
        _ id: SessionID = Self.session
    ) throws -> SessionStatus {
        if bench.state.sessionStatus(of: id) == nil {
            bench.evolve(try bench.state.opening(id, at: bench.time))
        }
        return try #require(bench.state.sessionStatus(of: id))
    }

    private static func advance(_ bench: inout Bench, to sequence: UInt64, refusals: Int) throws {
        let number = try Self.open(&bench).number
        bench.evolve([
            .sessionAdvanced(
                number: number,
                sequence: sequence,
                digest: sequence,
                outcome: Self.outcome(refusals: refusals)
            )
        ])
    }

    @Test func `a batch of as many runs as it may have finds a session that two of them share`()
        throws
    {
        var bench = try Bench()
        var records = (0..<Limits.batchMax).map {
            let session = SessionID(high: 1, low: UInt64($0))
            return Self.record("run \($0)", session: session)
        }
        try bench.done(.batch(records.map { .recordImportRun($0) }, .dryRun))
        records[Limits.batchMax - 1].session = records[0].session
        let cause = Refusal(
            .invalidField,
            .field("session", problem: "belongs to another run")
        )
        #expect(
            bench.refusal(.batch(records.map { .recordImportRun($0) }, .atomicErrorsOnly))
                == Refusal(.batchRolledBack, .batch(index: UInt32(Limits.batchMax - 1), cause))
        )
    }

    @Test func `a run is begun once and finished once`() throws {
        var bench = try Bench()
        let first = try bench.done(.recordImportRun(Self.record()))
        #expect(first.id == 1)
        let lsn = bench.state.lsn
        #expect(try bench.done(.recordImportRun(Self.record())).id == 1)
        #expect(bench.state.lsn == lsn, "the second record is a step")
        let counts = ImportCounts(accepted: 3, refused: 2, passed: 1)
        try bench.done(.recordImportRun(Self.finished(counts)))
        let after = bench.state.lsn
        #expect(after == lsn + 1)
        try bench.done(.recordImportRun(Self.finished(ImportCounts(accepted: 9))))
        try bench.done(.recordImportRun(Self.record()))
        #expect(bench.state.lsn == after, "a finished run was changed")
        let query = Query.importRuns(ImportRunQuery())
        #expect(try bench.column("state", of: query) == ["finished"])
        #expect(try bench.column("accepted", of: query) == ["3"])
        #expect(try bench.column("refused", of: query) == ["2"])
        #expect(try bench.column("passed", of: query) == ["1"])
        #expect(try bench.column("actor", of: query) == ["t"])
    }

    @Test func `a name belongs to one kind, content and layout`() throws {
        var bench = try Bench()
        try bench.done(.recordImportRun(Self.record()))
        for other in [
            Self.record(kind: .set), Self.record(content: "d"), Self.record(layout: "m"),
        ] {
            #expect(bench.code(.recordImportRun(other)) == .nameTaken)
        }
        // A session belongs to one run.
        #expect(bench.code(.recordImportRun(Self.record("tuesday"))) == .invalidField)
        let other = Self.record("tuesday", session: SessionID(high: 1, low: 1))
        #expect(try bench.done(.recordImportRun(other)).id == 2)
    }

    @Test func `a record with invalid fields is refused`() throws {
        var bench = try Bench()
        let long = String(repeating: "x", count: Limits.keyByteCountMax + 1)
        for name in ["", long, "a\u{7}b"] {
            #expect(bench.code(.recordImportRun(Self.record(name))) == .invalidField, "\(name)")
        }
        for session in [
            "", "7", String(repeating: "g", count: 32), "+" + String(repeating: "0", count: 31),
        ] {
            var record = Self.record()
            record.session = session
            #expect(bench.code(.recordImportRun(record)) == .invalidField, "\(session)")
        }
        let many = UInt64(Limits.importRowsMax) + 1
        for counts in [
            ImportCounts(accepted: many), ImportCounts(refused: .max), ImportCounts(passed: many),
        ] {
            #expect(bench.code(.recordImportRun(Self.finished(counts))) == .outOfRange)
        }
    }

    @Test func `an atomic batch may begin a run and finish it`() throws {
        var bench = try Bench()
        let counts = ImportCounts(accepted: 1)
        let commands = [Self.record(), Self.finished(counts)].map { Command.recordImportRun($0) }
        try bench.done(.batch(commands, .atomic))
        #expect(try bench.column("state", of: .importRuns(ImportRunQuery())) == ["finished"])
    }

    @Test func `the row has the requests and the refusals of its session`() throws {
        var bench = try Bench()
        try bench.done(.recordImportRun(Self.record()))
        try Self.advance(&bench, to: 1, refusals: 0)
        try Self.advance(&bench, to: 2, refusals: 3)
        try Self.advance(&bench, to: 3, refusals: 2)
        #expect(bench.state.tables.importRuns.requests[0] == 3)
        #expect(bench.state.tables.importRuns.refusedCommands[0] == 5)
    }

    @Test func `a forgotten session of a run continues behind its requests`() throws {
        var bench = try Bench()
        try bench.done(.recordImportRun(Self.record()))
        for sequence in 1...5 as ClosedRange<UInt64> {
            try Self.advance(&bench, to: sequence, refusals: 1)
        }
        bench.wait(Limits.sessionIdleSeconds + 10)
        _ = try Self.open(&bench, SessionID(high: 5, low: 5))
        #expect(bench.state.sessionStatus(of: Self.session) == nil)
        let status = try Self.open(&bench)
        #expect(status.lastSequence == 5)
        #expect(status.oldestRemembered == 6)
        #expect(
            bench.state.check(status.number, sequence: 5, digest: 5)
                == .refused(Refusal(.outcomeForgotten, .sequence(received: 5, last: 5)))
        )
        #expect(bench.state.check(status.number, sequence: 6, digest: 6) == .next)
        try Self.advance(&bench, to: 6, refusals: 0)
        #expect(bench.state.tables.importRuns.requests[0] == 6)
        #expect(bench.state.tables.importRuns.refusedCommands[0] == 5)
    }

    @Test func `a finished run's session is not opened from the start either`() throws {
        var bench = try Bench()
        try bench.done(.recordImportRun(Self.record()))
        try Self.advance(&bench, to: 1, refusals: 0)
        try bench.done(.recordImportRun(Self.finished(ImportCounts(accepted: 1))))
        bench.wait(Limits.sessionIdleSeconds + 10)
        _ = try Self.open(&bench, SessionID(high: 5, low: 5))
        #expect(try Self.open(&bench).lastSequence == 1)
    }

    @Test func `any number of runs may follow one another within a day`() throws {
        var bench = try Bench(products: 0)
        let count = UInt64(Limits.sessionsMax) + 900
        for number in 1...count {
            let session = SessionID(high: 3, low: number)
            bench.evolveUnchecked([
                .importRun(bench.run("run \(number)", number: UInt32(number), session: session))
            ])
            bench.evolveUnchecked(try bench.state.opening(session, at: bench.time))
            let open = try #require(bench.state.sessionStatus(of: session))
            bench.evolveUnchecked([
                .sessionAdvanced(
                    number: open.number,
                    sequence: 1,
                    digest: 1,
                    outcome: Self.outcome(refusals: 0)
                )
            ])
        }
        bench.state.checkInvariants()
        #expect(bench.state.sessionCount == Limits.sessionsMax)
        #expect(try Self.open(&bench, SessionID(high: 3, low: 1)).lastSequence == 1)
    }

    @Test func `a session that was opened before its run is bound to it`() throws {
        var bench = try Bench()
        try Self.advance(&bench, to: 1, refusals: 0)
        try bench.done(.recordImportRun(Self.record()))
        #expect(bench.state.tables.importRuns.requests[0] == 1)
        try Self.advance(&bench, to: 2, refusals: 1)
        #expect(bench.state.tables.importRuns.requests[0] == 2)
    }

    @Test func `runs are in a snapshot, and their sessions stay bound`() throws {
        var bench = try Bench()
        try bench.done(.recordImportRun(Self.record()))
        try Self.advance(&bench, to: 1, refusals: 4)
        var source = MemoryImage(bench.state.takeImage())
        var restored = bench
        restored.state = try InventoryState.load(from: &source)
        restored.state.checkInvariants()
        #expect(restored.state.checksum() == bench.state.checksum())
        try Self.advance(&restored, to: 2, refusals: 1)
        #expect(restored.state.tables.importRuns.refusedCommands[0] == 5)
        try Self.advance(&bench, to: 2, refusals: 1)
        #expect(restored.state.checksum() == bench.state.checksum())
    }

    @Test func `a query restricts by name and by content`() throws {
        var bench = try Bench()
        for (name, content) in [("a", "1"), ("b", "2"), ("c", "1")] {
            let session = SessionID(high: 0, low: UInt64(name.utf8.first ?? 0))
            try bench.done(
                .recordImportRun(Self.record(name, content: content, session: session))
            )
        }
        func names(_ query: ImportRunQuery) throws -> [String] {
            try bench.column("run", of: .importRuns(query))
        }
        #expect(try names(ImportRunQuery()) == ["a", "b", "c"])
        #expect(try names(ImportRunQuery(isNewestFirst: true, limit: 2)) == ["c", "b"])
        #expect(try names(ImportRunQuery(run: "b")) == ["b"])
        #expect(try names(ImportRunQuery(content: "1")) == ["a", "c"])
    }
}

extension Bench {
    /// Applies changes as a step.
    fileprivate mutating func evolve(_ changes: [Change]) {
        self.evolveUnchecked(changes)
        self.state.checkInvariants()
    }

    fileprivate mutating func evolveUnchecked(_ changes: [Change]) {
        guard !changes.isEmpty else { return }
        self.state.evolve(
            Entry(lsn: self.state.lsn.next, time: self.time, actor: "t", changes: changes)
        )
    }

    fileprivate func run(_ name: String, number: UInt32, session: SessionID) -> ImportRun {
        var run = ImportRun()
        run.number = number
        run.name = name
        run.session = session
        run.begunAt = self.time
        run.endedAt = self.time
        run.revision = self.state.lsn.next
        return run
    }
}
