/// A heap with its smallest element on top.
///
///     index 0 ▶ 12:00
///              /      \
///     1 ▶ 12:05        2 ▶ 12:01        the children of n are 2n + 1 and 2n + 2
struct MinHeap<Element: Comparable> {
    private var elements: [Element] = []

    init() {}

    var count: Int { self.elements.count }
    /// The smallest element; `nil` if there is none.
    var top: Element? { self.elements.first }

    subscript(index: Int) -> Element { self.elements[index] }

    /// The indices of the elements below one.
    func children(of index: Int) -> Range<Int> {
        let first = min(2 * index + 1, self.count)
        return first..<min(first + 2, self.count)
    }

    /// - Complexity: O(log n)
    mutating func push(_ element: Element) {
        self.elements.append(element)
        var index = self.elements.count - 1
        while index > 0 {
            let parent = (index - 1) / 2
            guard element < self.elements[parent] else { break }
            self.elements[index] = self.elements[parent]
            index = parent
        }
        self.elements[index] = element
    }

    /// Removes the smallest element and returns it; `nil` if there is none.
    ///
    /// - Complexity: O(log n)
    @discardableResult
    mutating func pop() -> Element? {
        guard let top = self.elements.first, let last = self.elements.popLast() else { return nil }
        guard !self.elements.isEmpty else { return top }
        var index = 0
        while true {
            var child = 2 * index + 1
            guard child < self.elements.count else { break }
            if child + 1 < self.elements.count, self.elements[child + 1] < self.elements[child] {
                child += 1
            }
            guard self.elements[child] < last else { break }
            self.elements[index] = self.elements[child]
            index = child
        }
        self.elements[index] = last
        return top
    }

    /// Removes the elements that `isUnwanted` accepts.
    ///
    /// - Complexity: O(n log n)
    mutating func removeAll(where isUnwanted: (Element) -> Bool) {
        self.elements.removeAll(where: isUnwanted)
        self.elements.sort()
    }

    /// Stops the process unless no element is smaller than its parent.
    ///
    /// - Complexity: O(n)
    func checkInvariants() {
        for index in self.elements.indices.dropFirst() {
            let parent = self.elements[(index - 1) / 2]
            precondition(!(self.elements[index] < parent), "element \(index) is below its parent")
        }
    }
}

extension MinHeap: Sendable where Element: Sendable {}
