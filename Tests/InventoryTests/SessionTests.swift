import Testing

@testable import Inventory

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
                    lsn: self.state.lsn + 1,
                    time: Instant(microseconds: self.microseconds),
                    actor: "t",
                    changes: changes
                )
            )
        }

        @discardableResult
        mutating func open(_ id: SessionID) -> UInt32 {
            let time = Instant(microseconds: self.microseconds + 1_000)
            self.apply(self.state.opening(id, at: time))
            return self.state.standing(of: id)?.number ?? 0
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

    @Test func `the next number is decided, an earlier one answered as it was`() throws {
        var sessions = Sessions()
        let number = sessions.open(Self.id)
        #expect(sessions.state.check(number, sequence: 1, digest: 11) == .next)
        sessions.advance(number, to: 1, outcome: [1, 2, 3])
        #expect(sessions.state.check(number, sequence: 1, digest: 11) == .repeated([1, 2, 3]))
        #expect(sessions.state.check(number, sequence: 2, digest: 22) == .next)
        #expect(sessions.code(number, 1, 12) == .sequenceReused)
        #expect(sessions.code(number, 3, 33) == .sequenceGap)
        #expect(sessions.code(number + 1, 1, 11) == .sessionExpired)
    }

    @Test func `outcomes are remembered for a window, and the rest is said to be forgotten`() {
        var sessions = Sessions()
        let number = sessions.open(Self.id)
        let last = UInt64(Limits.sessionWindow) + 3
        for sequence in 1...last { sessions.advance(number, to: sequence) }
        #expect(sessions.code(number, 3, 33) == .outcomeForgotten)
        #expect(sessions.state.check(number, sequence: 4, digest: 44) == .repeated([7]))
        #expect(sessions.state.standing(of: Self.id)?.oldestRemembered == 4)
    }

    @Test func `large outcomes are remembered for fewer requests`() {
        var sessions = Sessions()
        let number = sessions.open(Self.id)
        let outcome = [UInt8](repeating: 1, count: Limits.sessionOutcomeByteCountMax / 4)
        for sequence in 1...8 as ClosedRange<UInt64> {
            sessions.advance(number, to: sequence, outcome: outcome)
        }
        #expect(sessions.code(number, 1, 11) == .outcomeForgotten)
        #expect(sessions.state.check(number, sequence: 8, digest: 88) == .repeated(outcome))
    }

    @Test func `a session that is idle for a week is forgotten when another is opened`() {
        var sessions = Sessions()
        let number = sessions.open(Self.id)
        sessions.advance(number, to: 1)
        sessions.microseconds += Limits.sessionIdleSeconds * 1_000_000 + 1_000_000
        sessions.open(SessionID(high: 3, low: 4))
        #expect(sessions.state.standing(of: Self.id) == nil)
        #expect(sessions.code(number, 1, 11) == .sessionExpired)
    }

    @Test func `when there are too many the one longest unused goes`() {
        var sessions = Sessions()
        let first = sessions.open(Self.id)
        let second = sessions.open(SessionID(high: 9, low: 9))
        for number in 3...Limits.sessionsMax {
            sessions.open(SessionID(high: 0, low: UInt64(number)))
        }
        sessions.advance(first, to: 1)
        sessions.open(SessionID(high: 5, low: 5))
        #expect(sessions.state.standing(of: Self.id)?.lastSequence == 1)
        #expect(sessions.state.standing(of: SessionID(high: 9, low: 9)) == nil)
        #expect(sessions.code(second, 1, 11) == .sessionExpired)
    }
}
