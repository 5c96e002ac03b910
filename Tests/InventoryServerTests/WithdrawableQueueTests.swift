import InventoryTestSupport
import Testing

@testable import InventoryServer

/// A queue whose elements can be withdrawn before their turn.
@Suite struct WithdrawableQueueTests {
    private typealias Queue = WithdrawableQueue<Int>

    private static func drained(_ queue: Queue) -> [Int] {
        var queue = queue
        var elements: [Int] = []
        while let next = queue.popFirst() { elements.append(next) }
        return elements
    }

    @Test func `elements have their turn in order, except withdrawn ones`() {
        var queue = Queue()
        let places = (0..<6).map { queue.append($0) }
        let withdrawn = [0, 3, 5].map { queue.withdraw(places[$0]) }
        #expect(withdrawn == [0, 3, 5])
        queue.checkInvariants()
        #expect(queue.count == 3 && queue.first == 1)
        #expect(queue.elements == [1, 2, 4] && Self.drained(queue) == [1, 2, 4])
    }

    @Test func `an element is withdrawn once, and not after its turn`() {
        var queue = Queue()
        let places = (0..<3).map { queue.append($0) }
        let results = [
            queue.popFirst(), queue.withdraw(places[0]), queue.withdraw(places[2]),
            queue.withdraw(places[2]), queue.popFirst(), queue.withdraw(places[1]),
            queue.popFirst(),
        ]
        #expect(results == [0, nil, 2, nil, 1, nil, nil])
        #expect(queue.isEmpty && queue.storedCount == 0)
        let place = queue.append(9)
        #expect(!places.contains(place))
        queue.checkInvariants()
    }

    @Test func `an element that never has its turn does not keep withdrawn ones stored`() {
        var queue = Queue()
        _ = queue.append(-1)
        for number in 0..<100_000 {
            let place = queue.append(number)
            _ = queue.withdraw(place)
            #expect(queue.storedCount <= Queue.placesPerElementMax * queue.count)
        }
        #expect(Self.drained(queue) == [-1])
    }

    @Test(arguments: UInt64(1)...4)
    func `in any order of events it equals an array, and stores at most twice as much`(
        seed: UInt64
    ) {
        var random = SplitMix64(seed: seed)
        var queue = Queue()
        var model: [(element: Int, place: Queue.Place)] = []
        for number in 0..<20_000 {
            switch random.below(6) {
            case 0..<3:
                model.append((number, queue.append(number)))
            case 3 where !model.isEmpty:
                #expect(queue.popFirst() == model.removeFirst().element)
            case 4 where !model.isEmpty:
                let chosen = model.remove(at: Int(random.below(UInt64(model.count))))
                #expect(queue.withdraw(chosen.place) == chosen.element)
            case 5 where random.below(400) == 0:
                // Most of it at once.
                while model.count > 2, let last = model.popLast() {
                    #expect(queue.withdraw(last.place) == last.element)
                }
            default: break
            }
            #expect(queue.count == model.count && queue.first == model.first?.element)
            #expect(queue.storedCount <= Queue.placesPerElementMax * model.count)
        }
        queue.checkInvariants()
        #expect(queue.elements == model.map { $0.element })
    }
}
