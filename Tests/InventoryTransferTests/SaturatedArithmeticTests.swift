import Testing

@testable import InventoryTransfer

/// Saturating arithmetic on numbers from a server or a file.
@Suite struct SaturatedArithmeticTests {
    @Test func `sums, differences and negations saturate at the limits`() {
        #expect(Int64.max.addingSaturated(1) == .max)
        #expect(Int64.min.addingSaturated(-1) == .min)
        #expect(Int64.min.subtractingSaturated(1) == .min)
        #expect(Int64.max.subtractingSaturated(.min) == .max)
        #expect(Int64.min.negatedSaturated == .max)
        #expect(Int64(5).addingSaturated(-7) == -2)
        #expect(Int64(5).negatedSaturated == -5)
    }
}
