import Bytes
import InventoryTestSupport
import Testing

@testable import InventoryServer

@Suite struct ConflationTrackTests {
    private static func batch(_ byteCount: Int, through lsn: LSN) -> EventBatch {
        var writer = ByteWriter()
        for _ in 0..<byteCount { writer.write(1 as UInt8) }
        return EventBatch(writer, requestID: 1, through: lsn)
    }

    private static func close(
        _ track: inout ConflationTrack,
        at end: UInt64,
        now: UInt64 = 0,
        byteCountMax: Int = 1 << 20
    ) {
        track.close(
            at: LSN(end),
            [self.batch(100, through: LSN(end))],
            settledAt: 0,
            now: now,
            byteCountMax: byteCountMax
        )
        track.checkInvariants()
    }

    @Test func `each window begins where the previous one ended`() {
        var track = ConflationTrack(period: 100, at: 40)
        for end in [41, 58, 63, 90] as [UInt64] { Self.close(&track, at: end) }
        #expect(track.newest == 90)
        #expect(track.window(after: 40)?.end == 41)
        #expect(track.window(after: 58)?.end == 63)
        #expect(track.window(after: 90) == nil)
        // A follower is never within a window, but a subscriber from elsewhere may be.
        #expect(track.window(after: 60) == nil)
        #expect(track.end(behind: 60) == 63)
        #expect(track.end(behind: 41) == 58)
        #expect(track.end(behind: 7) == 40)
        #expect(track.end(behind: 90) == nil)
    }

    @Test func `a track without a window ends where it begins`() {
        let track = ConflationTrack(period: 100, at: 40)
        #expect(track.end(behind: 39) == 40)
        #expect(track.end(behind: 40) == nil)
        #expect(track.window(after: 40) == nil)
    }

    @Test func `windows of one length end together`() {
        var track = ConflationTrack(period: 100, at: 0)
        Self.close(&track, at: 5, now: 230)
        #expect(track.dueAt == 300)
        Self.close(&track, at: 9, now: 300)
        #expect(track.dueAt == 400)
    }

    @Test func `the oldest windows are evicted beyond the limit of bytes, the newest never`() {
        var track = ConflationTrack(period: 100, at: 0)
        let byteCount = Self.batch(100, through: 1).byteCount
        for end in 1...500 as ClosedRange<UInt64> {
            Self.close(&track, at: end, byteCountMax: 10 * byteCount)
            #expect(track.byteCount <= 10 * byteCount)
        }
        #expect(track.window(after: 489) == nil)
        #expect(track.end(behind: 3) == 490)
        #expect(track.window(after: 490)?.end == 491)
        Self.close(&track, at: 501, byteCountMax: 1)
        #expect(track.window(after: 500)?.end == 501)
        #expect(track.end(behind: 3) == 500)
    }
}
