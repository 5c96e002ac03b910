import InventoryTestSupport
import NIOCore
import Testing

@testable import InventoryServer

@Suite struct SharedFramesTests {
    private static func frame(_ byteCount: Int) -> ByteBuffer {
        ByteBuffer(repeating: 7, count: byteCount)
    }

    @Test func `frames leave behind the answers before them, and only there`() {
        var shared = SharedFrames()
        shared.append([Self.frame(3), Self.frame(4)], behind: 10)
        shared.append([Self.frame(5)], behind: 10)
        shared.append([Self.frame(6)], behind: 30)
        shared.checkInvariants(from: 0, through: 30)
        #expect(shared.byteCount == 18 && shared.nextEnd == 10)
        #expect(shared.next(at: 9) == nil)
        #expect(shared.next(at: 10)?.count == 2)
        #expect(shared.next(at: 10)?.count == 1)
        #expect(shared.next(at: 10) == nil)
        shared.checkInvariants(from: 10, through: 30)
        #expect(shared.byteCount == 6 && shared.nextEnd == 30)
        #expect(shared.next(at: 30)?.count == 1)
        shared.checkInvariants(from: 30, through: 30)
        #expect(shared.byteCount == 0 && shared.nextEnd == nil)
    }

    @Test func `frames whose place was passed over are a bug`() async {
        await #expect(processExitsWith: .failure) {
            var shared = SharedFrames()
            shared.append([ByteBuffer(repeating: 7, count: 3)], behind: 10)
            _ = shared.next(at: 11)
        }
    }

    /// Answers and shared frames in any order: the bytes leave in the order in which they were appended.
    @Test(arguments: UInt64(1)...8)
    func `the order of answers and frames is that of a queue of both`(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var shared = SharedFrames()
        var (appended, released) = (0, 0)
        var (expected, found): ([Int], [Int]) = ([], [])
        for number in 1...2_000 {
            switch random.below(3) {
            case 0:
                appended += 1
                expected.append(0)
            case 1 where appended > released:
                shared.append([Self.frame(number)], behind: appended)
                expected.append(number)
            default:
                let end = released + Int(random.below(UInt64(appended - released + 1)))
                while released < end {
                    released += 1
                    found.append(0)
                    while let frames = shared.next(at: released) {
                        found += frames.map { $0.readableBytes }
                    }
                }
            }
            shared.checkInvariants(from: released, through: appended)
        }
        #expect(found.elementsEqual(expected.prefix(found.count)))
        #expect(!found.isEmpty)
    }
}
