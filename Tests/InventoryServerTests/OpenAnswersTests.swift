import InventoryTestSupport
import InventoryWire
import Testing

@testable import InventoryServer

/// The open queries of a connection.
@Suite struct OpenAnswersTests {
    /// A reference, so that mutating calls can be made within an expectation.
    private final class Answers {
        private var answers: OpenAnswers<String, Int>
        init(begunMax: Int) { self.answers = OpenAnswers(begunMax: begunMax) }
        var isEmpty: Bool { self.answers.isEmpty }
        var hasSpace: Bool { self.answers.hasSpace }
        var begunCount: Int { self.answers.begun.count }
        var waitingCount: Int { self.answers.waitingCount }
        func contains(_ id: UInt64) -> Bool { self.answers.contains(id) }
        func begin(_ id: UInt64, _ answer: String) { self.answers.begin(id, answer) }
        func wait(_ id: UInt64, _ query: Int) { self.answers.wait(id, query) }
        func next() -> (requestID: UInt64, query: Int)? { self.answers.next() }
        func end(_ id: UInt64) -> String? { self.answers.end(id) }
        func withdraw(_ id: UInt64) -> Int? { self.answers.withdraw(id) }
        var storedCount: Int { self.answers.storedCount }
        func checkInvariants() { self.answers.checkInvariants() }
        func removeAll() { _ = self.answers.removeAll() }
    }

    /// Two answers that have begun, and the queries 3 to 5, which wait.
    private static func full() -> Answers {
        let answers = Answers(begunMax: 2)
        answers.begin(1, "one")
        answers.begin(2, "two")
        for query in 3...5 { answers.wait(UInt64(query), query) }
        return answers
    }

    @Test func `queries begin up to the limit, and the others wait in order`() {
        let answers = Self.full()
        #expect(!answers.hasSpace && answers.waitingCount == 3)
        #expect(answers.next()?.query == nil)
        #expect(answers.end(2) == "two")
        // The free place is for the first that waits, not for a new query.
        #expect(!answers.hasSpace)
        #expect(answers.next()?.query == 3)
        answers.begin(3, "three")
        #expect(answers.next()?.query == nil)
        #expect((1...5).allSatisfy { answers.contains($0) == ($0 != 2) })
    }

    @Test func `a withdrawn query is skipped, and its request ID may be reused`() {
        let answers = Self.full()
        #expect(answers.withdraw(3) == 3)
        #expect(answers.withdraw(3) == nil && answers.withdraw(1) == nil)
        answers.wait(3, 33)
        #expect(answers.end(1) == "one" && answers.end(1) == nil)
        #expect(answers.end(2) == "two")
        let order = (0..<3).compactMap { _ in answers.next()?.query }
        // It waits behind those that were there, not in the place of the withdrawn one.
        #expect(order == [4, 5, 33])
        #expect(answers.isEmpty)
    }

    @Test func `queries that are sent and withdrawn behind a waiting one are not stored`() {
        let answers = Self.full()
        for number in 0..<10_000 {
            let id = UInt64(100 + number % 3)
            answers.wait(id, number)
            #expect(answers.withdraw(id) == number)
        }
        #expect(answers.waitingCount == 3)
        #expect(answers.storedCount <= 6)
        answers.checkInvariants()
    }

    @Test func `in any order of events no query is lost and never too many have begun`() {
        var random = SplitMix64(seed: 12)
        let answers = Answers(begunMax: 4)
        var asked: Set<UInt64> = []
        for _ in 0..<50_000 {
            let id = random.next() % 60
            if asked.contains(id) {
                if random.next() % 2 == 0 {
                    if answers.withdraw(id) == nil { continue }
                } else if answers.end(id) == nil {
                    continue
                }
                asked.remove(id)
                while let (next, query) = answers.next() {
                    #expect(asked.contains(next) && query == Int(next))
                    answers.begin(next, "")
                }
            } else {
                asked.insert(id)
                if answers.hasSpace { answers.begin(id, "") } else { answers.wait(id, Int(id)) }
            }
            #expect(answers.begunCount <= 4)
            #expect(answers.begunCount + answers.waitingCount == asked.count)
            #expect(answers.waitingCount == 0 || answers.begunCount == 4)
            #expect(answers.storedCount <= 2 * answers.waitingCount)
        }
        answers.removeAll()
        #expect(answers.isEmpty && answers.hasSpace)
    }
}
