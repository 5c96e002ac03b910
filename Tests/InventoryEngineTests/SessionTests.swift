import Bytes
import InventoryEngine
import InventoryModel
import Testing

/// One outcome for each number of a session, for as long as it is remembered.
@Suite struct SessionTests {
    private static let id = SessionID(high: 1, low: 2)

    private struct Sessions {
        var state = InventoryState()
        var microseconds: Int64 = 1_000_000

        mutating func apply(_ changes: [Change]) {
            self.microseconds += 1_000
            self.state.evolve(
                Entry(
                    lsn: self.state.lsn.next,
                    time: Instant(microseconds: self.microseconds),
                    actor: "t",
                    changes: changes
                )
            )
        }

        @discardableResult
        mutating func open(
            _ id: SessionID,
            unless isOpen: (UInt32) -> Bool = { _ in false }
        ) throws -> UInt32 {
            let time = Instant(microseconds: self.microseconds + 1_000)
            self.apply(try self.state.opening(id, at: time, unless: isOpen))
            return self.state.sessionStatus(of: id)?.number ?? 0
        }

        mutating func advance(_ number: UInt32, to sequence: UInt64, outcome: [UInt8] = [7]) {
            self.apply([
                .sessionAdvanced(
                    number: number,
                    sequence: sequence,
                    digest: sequence * 11,
                    outcome: outcome
                )
            ])
        }

        func code(_ number: UInt32, _ sequence: UInt64, _ digest: UInt64) -> RefusalCode? {
            switch self.state.check(number, sequence: sequence, digest: digest) {
            case .refused(let refusal): refusal.code
            case .next, .repeated: nil
            }
        }
    }

    @Test func `the next number is decided, an earlier one gets the same reply`() throws {
        var sessions = Sessions()
        let number = try sessions.open(Self.id)
        #expect(sessions.state.check(number, sequence: 1, digest: 11) == .next)
        sessions.advance(number, to: 1, outcome: [1, 2, 3])
        #expect(sessions.state.check(number, sequence: 1, digest: 11) == .repeated([1, 2, 3]))
        #expect(sessions.state.check(number, sequence: 2, digest: 22) == .next)
        #expect(sessions.code(number, 1, 12) == .sequenceReused)
        #expect(sessions.code(number, 3, 33) == .sequenceGap)
        #expect(sessions.code(number + 1, 1, 11) == .sessionExpired)
    }

    @Test func `outcomes are remembered for a window, and older ones are reported as forgotten`()
        throws
    {
        var sessions = Sessions()
        let number = try sessions.open(Self.id)
        let last = UInt64(Limits.sessionWindow) + 3
        for sequence in 1...last { sessions.advance(number, to: sequence) }
        #expect(sessions.code(number, 3, 33) == .outcomeForgotten)
        #expect(sessions.state.check(number, sequence: 4, digest: 44) == .repeated([7]))
        #expect(sessions.state.sessionStatus(of: Self.id)?.oldestRemembered == 4)
    }

    @Test func `large outcomes are remembered for fewer requests`() throws {
        var sessions = Sessions()
        let number = try sessions.open(Self.id)
        let outcome = [UInt8](repeating: 1, count: Limits.sessionOutcomeByteCountMax / 4)
        for sequence in 1...8 as ClosedRange<UInt64> {
            sessions.advance(number, to: sequence, outcome: outcome)
        }
        #expect(sessions.code(number, 1, 11) == .outcomeForgotten)
        #expect(sessions.state.check(number, sequence: 8, digest: 88) == .repeated(outcome))
    }

    @Test func `a session that is idle for a week is forgotten when another is opened`() throws {
        var sessions = Sessions()
        let number = try sessions.open(Self.id)
        sessions.advance(number, to: 1)
        sessions.microseconds += Limits.sessionIdleSeconds * 1_000_000 + 1_000_000
        try sessions.open(SessionID(high: 3, low: 4))
        #expect(sessions.state.sessionStatus(of: Self.id) == nil)
        #expect(sessions.code(number, 1, 11) == .sessionExpired)
    }

    /// The maximum number of sessions, each used once, a millisecond apart.
    private static func full() throws -> Sessions {
        var sessions = Sessions()
        for number in 1...UInt32(Limits.sessionsMax) {
            let opened = try sessions.open(SessionID(high: 0, low: UInt64(number)))
            #expect(opened == number)
            sessions.advance(number, to: 1)
        }
        return sessions
    }

    @Test func `with too many sessions, none is evicted that was used within a day`() throws {
        var sessions = try Self.full()
        #expect(throws: Refusal.self) { try sessions.open(Self.id) }
        sessions.microseconds += Limits.sessionKeptSeconds * 1_000_000
        sessions.advance(1, to: 2)
        // The second one is now the least recently used, and a day has passed.
        _ = try sessions.open(Self.id)
        #expect(sessions.code(2, 1, 11) == .sessionExpired)
        #expect(sessions.state.check(1, sequence: 2, digest: 22) == .repeated([7]))
        #expect(sessions.state.check(3, sequence: 1, digest: 11) == .repeated([7]))
    }

    @Test func `a session that is open on a connection is never evicted, however long unused`()
        throws
    {
        var sessions = try Self.full()
        sessions.microseconds += 2 * Limits.sessionIdleSeconds * 1_000_000
        let open: Set<UInt32> = [1, 7]
        _ = try sessions.open(Self.id, unless: { open.contains($0) })
        #expect(sessions.state.check(1, sequence: 1, digest: 11) == .repeated([7]))
        #expect(sessions.state.check(7, sequence: 1, digest: 11) == .repeated([7]))
        #expect(sessions.code(2, 1, 11) == .sessionExpired)
        #expect(sessions.state.sessionCount == 3)
    }

    @Test func `one that never had a command is evicted first, after a minute`() throws {
        var sessions = Sessions()
        for number in 1...UInt32(Limits.sessionsMax) {
            try sessions.open(SessionID(high: 0, low: UInt64(number)))
            if number != 3 { sessions.advance(number, to: 1) }
        }
        sessions.microseconds += Limits.sessionUnusedSeconds * 1_000_000 + 1_000
        try sessions.open(Self.id)
        #expect(sessions.code(3, 1, 11) == .sessionExpired)
        #expect(throws: Refusal.self) { try sessions.open(SessionID(high: 8, low: 8)) }
    }
}
