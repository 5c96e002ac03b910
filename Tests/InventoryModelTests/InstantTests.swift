import InventoryModel
import Testing

@Suite struct InstantTests {
    @Test func `instants are ordered by their microseconds`() {
        #expect(Instant(microseconds: -1) < .zero)
        #expect(!(Instant.zero < .zero))
    }
}
