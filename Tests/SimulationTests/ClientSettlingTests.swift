import Durability
import InventoryModel
import InventoryTestSupport
import Testing

@testable import InventoryClient

/// The results of commands with a real server: done, not done, or unknown, and never one for another.
@Suite struct ClientSettlingTests {
    @Test func `a command too large for a frame is refused and blocks no others`() throws {
        let world = try SmallWorld()
        let client = world.client()
        world.stock(1, by: client)
        let large = Command.batch(
            (0..<2_000).map { _ in .sale(1, note: String(repeating: "n", count: 1_000)) },
            .independent
        )
        let first = Box<Result<Outcome, ClientError>>()
        let second = Box<Result<Outcome, ClientError>>()
        client.submit(large) { first.value = $0 }
        client.submit(.sale(1)) { second.value = $0 }
        #expect(world.pass(100) { second.value != nil } != nil)
        guard case .failure(let error) = first.value, case .success(.done) = second.value else {
            Issue.record("\(String(describing: first.value)), \(String(describing: second.value))")
            return
        }
        #expect(error.code == .refused && error.refusal?.code == .frameTooLarge)
    }

    @Test func `a request that the server cannot decode blocks no others`() throws {
        let world = try SmallWorld()
        let client = world.client()
        world.stock(1, by: client)
        // One level deeper than a batch can be.
        let unreadable = Command.batch([.batch([.sale(1)], .atomic)], .atomic)
        let answers = Box<[Result<Outcome, ClientError>]>()
        answers.value = []
        for command in [.sale(1), unreadable, .sale(1), .sale(1)] {
            client.submit(command) { answers.value?.append($0) }
        }
        #expect(world.pass(1_000) { answers.value?.count == 4 } != nil)
        let done = answers.value?.count { if case .success(.done) = $0 { true } else { false } }
        #expect(done == 3, "\(String(describing: answers.value))")
    }

    @Test func `a command refused by a full disk is never executed later`() throws {
        let world = try SmallWorld(log: LogConfiguration(fileByteCount: 4 * 4_096))
        let client = world.client(timeoutMilliseconds: 300)
        world.stock(1, by: client)
        world.storage.setCapacity(world.storage.usedByteCount)
        var results: [String: Result<Outcome, ClientError>] = [:]
        for number in 0..<40 {
            results["s\(number)"] = world.send(.sale(1, note: "s\(number)"), by: client)
            // Time to notice that there is no space for the log's next file.
            world.pass(300)
        }
        world.storage.setCapacity(.max)
        world.pass(5_000)
        let last = world.done(.sale(1, note: "last"), by: client)
        #expect(last != nil)
        var notes: Set<String> = []
        let history = try History(ArchivingStorage(world.storage))
        for note in history.steps.keys { notes.insert(note) }
        var undone = 0
        for (note, result) in results {
            switch result {
            case .success(.done): #expect(notes.contains(note))
            case .failure(let error) where error.refusal?.code == .storageFull:
                undone += 1
                #expect(!notes.contains(note), "\(note)")
            case .failure(let error): #expect(error.code == .unknown, "\(note): \(error)")
            default: Issue.record("\(note): \(result)")
            }
        }
        #expect(undone > 0)
        #expect(notes.contains("last"))
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func `a command cancelled at any moment is not done or unknown`(
        seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        let world = try SmallWorld()
        let client = world.client()
        world.stock(1, by: client)
        let results = Box<[String: Result<Outcome, ClientError>]>()
        results.value = [:]
        var calls: [Call] = []
        for number in 0..<200 {
            let call = Call(on: world.loop)
            calls.append(call)
            client.submit(Command.sale(1, note: "s\(number)").encoded, call: call) {
                results.value?["s\(number)"] = $0
            }
            switch Int.random(in: 0..<6, using: &random) {
            case 0: world.turn()
            case 1: world.network.links.last?.deliver(toServer: true, .max)
            case 2: world.network.links.last?.cut()
            case 3: world.pass(20)
            default: break
            }
            let isNewest = Bool.random(using: &random)
            if Bool.random(using: &random) {
                (isNewest ? call : calls.randomElement(using: &random))?.cancel()
            }
            client.checkInvariants()
        }
        #expect(world.pass(30_000) { results.value?.count == calls.count } != nil)
        #expect(world.done(.sale(1, note: "last"), by: client) != nil)
        let notes = Set(try History(ArchivingStorage(world.storage)).steps.keys)
        var cancelled = 0
        for (note, result) in results.value ?? [:] {
            switch result {
            case .success(.done): #expect(notes.contains(note))
            case .failure(let error) where error.code == .cancelled:
                cancelled += 1
                #expect(!notes.contains(note), "\(note)")
            case .failure(let error): #expect(error.code == .unknown, "\(note): \(error)")
            default: Issue.record("\(note): \(result)")
            }
        }
        #expect(cancelled > 0)
    }
}
