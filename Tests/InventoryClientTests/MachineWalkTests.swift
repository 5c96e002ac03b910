import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryClient

/// Random walks through the client's state machines: their invariants hold after every event.
@Suite struct MachineWalkTests {
    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `after any events a link can become ready again unless it is closed`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let policy = LinkMachine.Policy(
            pauses: 1...Int64.random(in: 1...500, using: &random),
            reconnects: Bool.random(using: &random),
            retriesViolations: Bool.random(using: &random),
            isServedByHello: Bool.random(using: &random)
        )
        var link = LinkMachine(policy)
        var latest: UInt64 = 0
        func note(_ action: LinkMachine.Action?) {
            if case .connect(let attempt) = action { latest = attempt }
        }
        for _ in 0..<2_000 {
            let attempt = UInt64.random(in: 0...(latest + 1), using: &random)
            switch Int.random(in: 0..<10, using: &random) {
            case 0: note(link.needed())
            case 1, 2: note(link.connected(Bool.random(using: &random) ? latest : attempt))
            case 3 where [.greeting, .ready, .leaving, .closed].contains(link.phase):
                _ = link.accepted()
            case 4 where link.unreachable(attempt) == .temporary:
                note(link.resume(isNeeded: Bool.random(using: &random)))
            case 5:
                let codes: [ClientError.Code] = [.unreachable, .refused, .protocolViolation]
                let code = codes.randomElement(using: &random) ?? .unreachable
                if link.lost(attempt, code) == .temporary {
                    note(link.resume(isNeeded: Bool.random(using: &random)))
                }
            case 6: note(link.pauseEnded())
            case 7: _ = link.left()
            case 8: _ = Bool.random(using: &random) ? link.readerPaused() : link.readerResumed()
            default: link.served()
            }
            link.checkInvariants()
        }
        guard link.phase != .closed else {
            #expect(!policy.reconnects || !policy.retriesViolations)
            return
        }
        if link.lost(latest, .unreachable) == .temporary { note(link.resume(isNeeded: true)) }
        guard link.phase != .closed else { return }
        note(link.needed())
        #expect(link.connected(latest) == .greet(isReading: link.isReading))
        #expect(link.accepted() == .begin)
        link.checkInvariants()
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `whatever the server answers, commands keep their numbers and their order`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var machine = ClientStateMachine(
            session: SessionID(high: 1, low: seed),
            continuesSession: Bool.random(using: &random),
            waitsForStorage: Bool.random(using: &random),
            isDryRun: seed % 4 == 0
        )
        let codes: [RefusalCode?] = [
            nil, nil, nil, .insufficientStock, .sequenceGap, .storageFull, .sequenceReused,
            .outcomeForgotten, .frameTooLarge,
        ]
        var nextID: UInt64 = 1
        for _ in 0..<2_000 {
            let waiting = machine.numbered.pending.map { $0.requestID }
            let id = waiting.randomElement(using: &random) ?? 0
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<3 where machine.phase != .over:
                _ = machine.submitted(NumberedCommands.filler, requestID: nextID)
                nextID += 1
            case 3 where machine.phase == .offline: _ = machine.accepted()
            case 3 where machine.phase == .beginning: _ = machine.dryRunAnswered(nil)
            case 4 where machine.phase == .opening:
                let last = machine.numbered.pending.first.map { $0.sequence - 1 } ?? 0
                _ = machine.opened(
                    SessionStatus(number: 1, lastSequence: last, oldestRemembered: 1)
                )
            case 5, 6:
                let code = codes.randomElement(using: &random) ?? nil
                _ = machine.answered(requestID: id, refusal: code.map { Refusal($0) })
                _ = machine.moreToSend()
            case 7: _ = machine.resending(after: id)
            case 8:
                _ = machine.abandoned(requestID: id)
                _ = machine.moreToSend()
            case 9 where Int.random(in: 0..<8, using: &random) == 0: _ = machine.lost()
            default: break
            }
            machine.checkInvariants()
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `whatever the server answers, each copy of a keyed command counts once`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var commands = KeyedCommands(waitsForStorage: Bool.random(using: &random))
        let codes: [RefusalCode?] = [nil, .insufficientStock, .storageFull, .outcomeForgotten]
        var nextID: UInt64 = 1
        for step in 0..<2_000 {
            let id = UInt64.random(in: 0...nextID, using: &random)
            let time = Instant(microseconds: Int64(step))
            switch Int.random(in: 0..<8, using: &random) {
            case 0, 1:
                commands.submitted(
                    KeyedCommands.Pending(
                        requestID: nextID,
                        key: IdempotencyKey(high: seed, low: nextID),
                        command: NumberedCommands.filler
                    )
                )
                nextID += 1
            case 2: _ = commands.takeUnsent(at: time)
            case 3: _ = commands.takeRetry(id, at: time)
            case 4: commands.lost()
            case 5: _ = commands.abandoned(requestID: id)
            default:
                let code = codes.randomElement(using: &random) ?? nil
                _ = commands.answered(
                    requestID: id,
                    refusal: code.map { Refusal($0) },
                    time: time,
                    isReplay: Bool.random(using: &random)
                )
            }
            commands.checkInvariants()
        }
    }
}
