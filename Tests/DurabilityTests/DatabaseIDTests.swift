import Durability
import Testing

@Suite struct DatabaseIDTests {
    @Test func `ids are equal only if all 16 bytes are equal`() {
        #expect(DatabaseID(1, 2) == DatabaseID(1, 2))
        #expect(DatabaseID(1, 2) != DatabaseID(1, 3))
        #expect(DatabaseID(1, 2) != DatabaseID(2, 2))
    }
}
