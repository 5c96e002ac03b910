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
        func wait(_ id: UInt64, _ question: Int) { self.answers.wait(id, question) }
        func next() -> (requestID: UInt64, question: Int)? { self.answers.next() }
        func end(_ id: UInt64) -> String? { self.answers.end(id) }
        func withdraw(_ id: UInt64) -> Int? { self.answers.withdraw(id) }
        func removeAll() { _ = self.answers.removeAll() }
    }

    /// Two answers that have begun, and the queries 3 to 5, which wait.
    private static func full() -> Answers {
        let answers = Answers(begunMax: 2)
        answers.begin(1, "one")
        answers.begin(2, "two")
        for question in 3...5 { answers.wait(UInt64(question), question) }
        return answers
    }

    @Test func `queries begin up to the limit, and the others wait in order`() {
        let answers = Self.full()
        #expect(!answers.hasSpace && answers.waitingCount == 3)
        #expect(answers.next()?.question == nil)
        #expect(answers.end(2) == "two")
        // The free place is for the first that waits, not for a new query.
        #expect(!answers.hasSpace)
        #expect(answers.next()?.question == 3)
        answers.begin(3, "three")
        #expect(answers.next()?.question == nil)
        #expect((1...5).allSatisfy { answers.contains($0) == ($0 != 2) })
    }

    @Test func `a withdrawn query is skipped, and its request ID may be reused`() {
        let answers = Self.full()
        #expect(answers.withdraw(3) == 3)
        #expect(answers.withdraw(3) == nil && answers.withdraw(1) == nil)
        answers.wait(3, 33)
        #expect(answers.end(1) == "one" && answers.end(1) == nil)
        #expect(answers.end(2) == "two")
        let order = (0..<3).compactMap { _ in answers.next()?.question }
        #expect(order.sorted() == [4, 5, 33])
        #expect(answers.isEmpty)
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
                while let (next, question) = answers.next() {
                    #expect(asked.contains(next) && question == Int(next))
                    answers.begin(next, "")
                }
            } else {
                asked.insert(id)
                if answers.hasSpace { answers.begin(id, "") } else { answers.wait(id, Int(id)) }
            }
            #expect(answers.begunCount <= 4)
            #expect(answers.begunCount + answers.waitingCount == asked.count)
            #expect(answers.waitingCount == 0 || answers.begunCount == 4)
        }
        answers.removeAll()
        #expect(answers.isEmpty && answers.hasSpace)
    }
}
