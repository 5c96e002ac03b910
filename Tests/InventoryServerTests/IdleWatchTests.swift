import Testing

@testable import InventoryServer

/// Idle connections.
@Suite struct IdleWatchTests {
    private func looks(_ watch: inout IdleWatch, _ count: Int, isServed: Bool = false) -> [Bool] {
        (0..<count).map { _ in watch.look(isServed: isServed) }
    }

    @Test func `idle time counts from the last byte`() {
        var watch = IdleWatch()
        #expect(self.looks(&watch, 5) == [false, false, false, false, true])
        watch.read()
        #expect(self.looks(&watch, 3) == [false, false, false])
        watch.read()
        #expect(self.looks(&watch, 5) == [false, false, false, false, true])
    }

    @Test func `a connection that subscribes or awaits an answer may be idle forever`() {
        var watch = IdleWatch()
        #expect(!self.looks(&watch, 100, isServed: true).contains(true))
        #expect(self.looks(&watch, 4) == [false, false, false, true])
    }
}
