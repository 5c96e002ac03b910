import Foundation
import Glibc

/// The files in a workbook, which is a ZIP archive (APPNOTE.TXT of PKWARE).
///
///     local header · data · … │ directory: name, method, size, checksum, place │ end record
///
/// A member's data is the body of a gzip stream: with a header before and its checksum and size behind, gzip
/// decompresses it. An archive that cannot be read has no members; `xlsx2csv` says what is wrong with it.
struct WorkbookArchive {
    private struct Member {
        var method: Int
        var checksum: UInt32
        var packedCount: Int
        var count: Int
        var offset: Int
    }

    private let bytes: UnsafeRawBufferPointer
    private let file: FileBytes
    private var members: [String: Member] = [:]

    /// The largest member that is decompressed, in bytes: 1 GiB.
    private static let memberByteCountMax = 1 << 30
    private static let stored = 0
    private static let deflated = 8

    init(_ file: FileBytes) {
        self.file = file
        self.bytes = file.bytes
        guard let end = self.endRecord else { return }
        var offset = self.number(end + 16, 4) ?? 0
        for _ in 0..<(self.number(end + 10, 2) ?? 0) {
            guard self.number(offset, 4) == 0x0201_4B50,
                let nameCount = self.number(offset + 28, 2),
                let extraCount = self.number(offset + 30, 2),
                let commentCount = self.number(offset + 32, 2),
                let name = self.text(offset + 46, nameCount)
            else { return }
            self.members[name] = Member(
                method: self.number(offset + 10, 2) ?? -1,
                checksum: UInt32(truncatingIfNeeded: self.number(offset + 16, 4) ?? 0),
                packedCount: self.number(offset + 20, 4) ?? 0,
                count: self.number(offset + 24, 4) ?? 0,
                offset: self.number(offset + 42, 4) ?? 0
            )
            offset += 46 + nameCount + extraCount + commentCount
        }
    }

    /// The offset of the record at the archive's end, before a comment of up to 64 KiB.
    private var endRecord: Int? {
        let last = self.bytes.count - 22
        guard last >= 0 else { return nil }
        return (max(0, last - 0xFFFF)...last).reversed().first { self.number($0, 4) == 0x0605_4B50 }
    }

    /// Returns a number of `count` bytes, the lowest first; `nil` beyond the archive.
    private func number(_ offset: Int, _ count: Int) -> Int? {
        guard offset >= 0, offset <= self.bytes.count - count else { return nil }
        return (0..<count).reversed().reduce(0) { $0 << 8 | Int(self.bytes[offset + $1]) }
    }

    private func text(_ offset: Int, _ count: Int) -> String? {
        guard offset >= 0, offset <= self.bytes.count - count else { return nil }
        return String(decoding: self.bytes[offset..<(offset + count)], as: UTF8.self)
    }

    // MARK: - Members

    /// Returns a member's bytes; `nil` if there is no such member or it cannot be decompressed.
    func member(_ name: String, _ startFilter: FilterStart) -> [UInt8]? {
        guard let member = self.members[name], member.count <= Self.memberByteCountMax,
            let nameCount = self.number(member.offset + 26, 2),
            let extraCount = self.number(member.offset + 28, 2)
        else { return nil }
        let start = member.offset + 30 + nameCount + extraCount
        guard start <= self.bytes.count - member.packedCount else { return nil }
        let packed = Array(self.bytes[start..<(start + member.packedCount)])
        if member.method == Self.stored { return packed }
        guard member.method == Self.deflated else { return nil }
        return Self.inflated(packed, of: member, startFilter)
    }

    private static func inflated(
        _ packed: [UInt8],
        of member: Member,
        _ startFilter: FilterStart
    ) -> [UInt8]? {
        guard let process = startFilter(["gzip", "-dc"], nil) else { return nil }
        func bytes(_ value: UInt32) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        let head: [UInt8] = [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 0xFF]
        let tail = bytes(member.checksum) + bytes(UInt32(truncatingIfNeeded: member.count))
        let thread = Thread {
            _ = process.write(head) && process.write(packed) && process.write(tail)
            process.closeInput()
        }
        thread.start()
        let all = FileBytes()
        all.reserve(member.count + 1)
        while all.count <= member.count {
            let count = all.fill { Glibc.read(process.output, $0.baseAddress, $0.count) }
            if count == 0 || count < 0 && errno != EINTR { break }
        }
        close(process.output)
        return process.wait() == 0 && all.count == member.count ? Array(all.bytes) : nil
    }
}
