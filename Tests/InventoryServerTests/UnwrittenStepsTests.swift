import Bytes
import Testing

@testable import InventoryServer

@Suite struct UnwrittenStepsTests {
    @Test func `steps count until they are durable`() {
        var steps = UnwrittenSteps() { didSet { steps.checkInvariants() } }
        steps.decided(3, through: 40)
        steps.decided(0, through: 40)
        steps.decided(2, through: 45)
        #expect(steps.count == 5)
        steps.written(through: 39)
        #expect(steps.count == 5)
        steps.written(through: 44)
        #expect(steps.count == 2)
        steps.written(through: 90)
        #expect(steps == UnwrittenSteps())
    }

    @Test func `beyond the limit the connection is not read`() {
        var steps = UnwrittenSteps() { didSet { steps.checkInvariants() } }
        steps.decided(UnwrittenSteps.countMax, through: 10_000)
        #expect(!steps.isFull)
        steps.decided(1, through: 10_001)
        #expect(steps.isFull)
        steps.written(through: 10_000)
        #expect(!steps.isFull)
    }
}
