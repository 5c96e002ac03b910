internal import DequeModule

/// A first-in, first-out queue whose elements can be withdrawn before their turn.
///
///     elements   a  ·  c  ·  e  f        · withdrawn, still stored
///     places     4  5  6  7  8  9
///
/// A withdrawn element is freed at once; its place is stored until it reaches the front, or until there are
/// more than ``placesPerElementMax`` places for each element and the withdrawn ones are removed together. So
/// the limit of what may wait limits what is stored. A plain value.
struct WithdrawableQueue<Element> {
    /// The place of an element; increases with each one and is never reused.
    struct Place: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct Entry {
        let place: Place
        /// `nil` if it was withdrawn.
        var element: Element?
    }

    /// The most places that are stored, withdrawn ones included, for each element.
    static var placesPerElementMax: Int { 2 }

    /// In ascending order of their places; the first is not withdrawn.
    private var entries: Deque<Entry> = []
    private var nextNumber: UInt64 = 0
    /// The number of elements.
    private(set) var count = 0

    var isEmpty: Bool { self.count == 0 }
    /// The number of stored places, withdrawn ones included.
    var storedCount: Int { self.entries.count }
    /// The element whose turn is next.
    var first: Element? { self.entries.first.flatMap { $0.element } }

    /// - Complexity: O(1) amortized
    mutating func append(_ element: Element) -> Place {
        let place = Place(number: self.nextNumber)
        self.nextNumber += 1
        self.entries.append(Entry(place: place, element: element))
        self.count += 1
        return place
    }

    /// Removes and returns the element whose turn is next.
    ///
    /// - Complexity: O(1) amortized
    mutating func popFirst() -> Element? {
        guard let element = self.entries.popFirst().flatMap({ $0.element }) else { return nil }
        self.removed()
        return element
    }

    /// Removes and returns the element at a place; `nil` if it had its turn or was withdrawn.
    ///
    /// - Complexity: O(log n) for n elements, plus O(1) amortized
    mutating func withdraw(_ place: Place) -> Element? {
        let index = self.index(of: place)
        guard index < self.entries.count, self.entries[index].place == place,
            let element = self.entries[index].element
        else { return nil }
        self.entries[index].element = nil
        self.removed()
        return element
    }

    /// The elements, the next first.
    ///
    /// - Complexity: O(n)
    var elements: [Element] { self.entries.compactMap { $0.element } }

    private func index(of place: Place) -> Int {
        var (low, high) = (0, self.entries.count)
        while low < high {
            let middle = (low + high) / 2
            if self.entries[middle].place.number < place.number {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    private mutating func removed() {
        self.count -= 1
        while let first = self.entries.first, first.element == nil { self.entries.removeFirst() }
        // At least half as many elements as are moved here were removed since the last time.
        if self.entries.count > Self.placesPerElementMax * self.count {
            self.entries.removeAll { $0.element == nil }
        }
    }

    func checkInvariants() {
        let count = self.entries.count { $0.element != nil }
        precondition(self.count == count, "\(self.count) elements, \(count) stored")
        precondition(
            self.storedCount <= Self.placesPerElementMax * count,
            "\(self.storedCount) places for \(count)"
        )
        precondition(self.isEmpty == (self.first == nil), "a withdrawn element is next")
        precondition(
            zip(self.entries, self.entries.dropFirst())
                .allSatisfy { $0.place.number < $1.place.number },
            "places are out of order"
        )
    }
}
