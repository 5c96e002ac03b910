import InventoryModel
import Testing

@testable import InventoryClient

/// Commands with an idempotency key, in the client.
@Suite struct KeyedCommandsTests {
    private static let key = IdempotencyKey(high: 1, low: 2)
    private static let command = Command.createCategory(name: "C").encoded

    private static func at(_ seconds: Int64) -> Instant {
        Instant(microseconds: seconds * 1_000_000)
    }

    private static func submitted(firstTried: Instant? = nil) -> KeyedCommands {
        var commands = KeyedCommands() { didSet { commands.checkInvariants() } }
        commands.submitted(
            KeyedCommands.Pending(
                requestID: 7,
                key: Self.key,
                firstTried: firstTried,
                command: Self.command
            )
        )
        return commands
    }

    @Test func `a command is sent once per connection, with the time of its first attempt`() {
        var commands = Self.submitted()
        #expect(commands.takeUnsent(at: Self.at(5)).map { $0.firstTried } == [Self.at(5)])
        #expect(commands.takeUnsent(at: Self.at(6)).isEmpty)
        commands.lost()
        #expect(commands.takeUnsent(at: Self.at(9)).map { $0.firstTried } == [Self.at(5)])
        let settlement = commands.answered(
            requestID: 7,
            refusal: nil,
            time: Self.at(9),
            isReplay: false
        )
        #expect(settlement == .settled(isReplayed: false))
        #expect(commands.isEmpty)
    }

    @Test
    func
        `without waiting for storage, a full disk settles a command unless a copy may be executed`()
    {
        func answer(waits: Bool, lost: Bool) -> KeyedCommands.Settlement {
            var commands = KeyedCommands(waitsForStorage: waits) {
                didSet { commands.checkInvariants() }
            }
            commands.submitted(
                KeyedCommands.Pending(requestID: 7, key: Self.key, command: Self.command)
            )
            _ = commands.takeUnsent(at: Self.at(5))
            if lost {
                commands.lost()
                _ = commands.takeUnsent(at: Self.at(6))
            }
            let refusal = Refusal(.storageFull)
            return commands.answered(requestID: 7, refusal: refusal, time: nil, isReplay: false)
        }
        #expect(answer(waits: true, lost: false) == .again)
        #expect(answer(waits: false, lost: false) == .settled(isReplayed: false))
        #expect(answer(waits: false, lost: true) == .again)
    }

    @Test func `every copy carries the caller's time of the first attempt`() {
        var commands = Self.submitted(firstTried: Self.at(1))
        #expect(commands.takeUnsent(at: Self.at(5)).map { $0.firstTried } == [Self.at(1)])
    }

    @Test func `a replay of an earlier call is reported, a replay of this call's own copy is not`()
    {
        let cases: [(done: Instant?, isReplayed: Bool)] = [
            (Self.at(4), true), (Self.at(6), false), (nil, false),
        ]
        for (done, isReplayed) in cases {
            var commands = Self.submitted()
            _ = commands.takeUnsent(at: Self.at(5))
            commands.lost()
            _ = commands.takeUnsent(at: Self.at(8))
            let settlement = commands.answered(
                requestID: 7,
                refusal: nil,
                time: done,
                isReplay: true
            )
            #expect(settlement == .settled(isReplayed: isReplayed))
        }
        var once = Self.submitted()
        _ = once.takeUnsent(at: Self.at(5))
        let settlement = once.answered(requestID: 7, refusal: nil, time: Self.at(9), isReplay: true)
        #expect(settlement == .settled(isReplayed: true))
    }

    @Test func `a command with a retryable refusal is retried, and can be withdrawn`() {
        var commands = Self.submitted()
        _ = commands.takeUnsent(at: Self.at(5))
        let refusal = Refusal(.overloaded)
        let settlement = commands.answered(
            requestID: 7,
            refusal: refusal,
            time: nil,
            isReplay: false
        )
        #expect(settlement == .again)
        #expect(commands.takeRetry(7, at: Self.at(6))?.firstTried == Self.at(5))
        #expect(commands.takeRetry(7, at: Self.at(6)) == nil)
        _ = commands.answered(requestID: 7, refusal: refusal, time: nil, isReplay: false)
        #expect(commands.abandoned(requestID: 7) == .withdrawn)
        #expect(commands.abandoned(requestID: 7) == nil)
    }

    @Test func `a command with a lost copy is unknown when it is abandoned or forgotten`() {
        var commands = Self.submitted()
        _ = commands.takeUnsent(at: Self.at(5))
        commands.lost()
        var others = commands
        #expect(commands.abandoned(requestID: 7) == .unknown(Self.key))
        _ = others.takeUnsent(at: Self.at(6))
        let settlement = others.answered(
            requestID: 7,
            refusal: Refusal(.outcomeForgotten),
            time: nil,
            isReplay: false
        )
        #expect(settlement == .unknown(Self.key))
    }

    @Test func `an answer to another request is ignored`() {
        var commands = Self.submitted()
        let settlement = commands.answered(requestID: 8, refusal: nil, time: nil, isReplay: false)
        #expect(settlement == .stray)
    }
}
