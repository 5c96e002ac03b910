import Durability
import Testing

@Suite struct DatabaseIDTests {
    @Test func `two databases are the same only when all 16 bytes are`() {
        #expect(DatabaseID(1, 2) == DatabaseID(1, 2))
        #expect(DatabaseID(1, 2) != DatabaseID(1, 3))
        #expect(DatabaseID(1, 2) != DatabaseID(2, 2))
    }
}
