import InventoryTestSupport

/// Reads a data directory by FileFormats.md alone.
///
/// It uses no code of the module's own reader, not even for the checksum and LZ4: what it cannot read
/// is missing in the document. Written for clarity; it takes a few hundred nanoseconds per byte.
struct IndependentReader {
    struct Problem: Error, CustomStringConvertible {
        var description: String
    }

    struct Block: Equatable {
        var first: UInt64
        var count: Int
        var body: [UInt8]
    }

    private static let page = 4_096

    let storage: MemoryStorage
    /// The 16 bytes.
    private(set) var database: [UInt8] = []

    init(_ storage: MemoryStorage) throws {
        self.storage = storage
        let bytes = storage.bytes("database.invid")
        try Self.require(bytes.count == 3 * 4_096, "database.invid has \(bytes.count) bytes")
        try Self.check(bytes[...], checksumAt: 40, "database.invid")
        try Self.require(bytes[10] == 2, "database.invid has \(bytes[10]) copies of the mark")
        try Self.checkHead(bytes, "INVDDID1", nil)
        self.database = Array(bytes[16..<32])
    }

    // MARK: - The mark

    /// Returns the newest log file and the acknowledged step according to the newest mark.
    func mark() throws -> (newestFile: UInt64, acknowledged: UInt64) {
        let bytes = self.storage.bytes("database.invid")
        let copies = [1, 2].map { Array(bytes[($0 * Self.page)..<(($0 + 1) * Self.page)]) }
        let whole = copies.filter { copy in
            (try? Self.checkHead(copy, "INVDEND1", self.database)) != nil
                && (try? Self.check(copy[...], checksumAt: 64, "mark")) != nil
        }
        guard let newest = whole.max(by: { $0.u64(32) < $1.u64(32) }) else {
            throw Problem(description: "no copy of the mark is valid")
        }
        return (newest.u64(40), newest.u64(48))
    }

    // MARK: - The log

    /// Returns every block of steps after `lsn`, and whether an unfinished one was at the end.
    func log(after lsn: UInt64 = 0) throws -> (blocks: [Block], isTorn: Bool) {
        let names = try self.storage.list().filter { $0.hasPrefix("log-") }.sorted()
        let start = names.lastIndex { Self.lsn(of: $0) <= lsn + 1 }
        guard let start else { throw Problem(description: "no file starts at or before \(lsn)") }
        var blocks: [Block] = []
        var next: (lsn: UInt64, hash: UInt64)?
        for (index, name) in names.enumerated() where index >= start {
            let bytes = self.storage.bytes(name)
            try Self.checkHead(bytes, "INVDLOG1", self.database)
            try Self.check(bytes[...], checksumAt: 64, name)
            try Self.require(Self.lsn(of: name) == bytes.u64(32), "\(name) has another name")
            try Self.require(bytes.u64(48) == UInt64(bytes.count), "\(name) has another size")
            if let next {
                let follows = bytes.u64(32) == next.lsn && bytes.u64(40) == next.hash
                try Self.require(follows, "\(name) does not follow")
            }
            var end = (lsn: bytes.u64(32), hash: bytes.u64(40))
            var offset = Self.page
            var isCut = false
            while let head = self.blockHead(bytes, offset), head.u64(16) == end.lsn,
                head.u64(48) == end.hash
            {
                guard let body = try Self.body(bytes, head, offset) else {
                    isCut = true
                    break
                }
                let count = Int(head.u32(24))
                if head[6] == 1, end.lsn + UInt64(count) - 1 > lsn {
                    blocks.append(Block(first: end.lsn, count: count, body: body))
                }
                end = (end.lsn + UInt64(count), Self.hash(head))
                offset += Self.byteCount(bytes, offset)
            }
            next = end
            guard index == names.count - 1 else { continue }
            try Self.require(end.lsn > lsn, "the log ends before the snapshot")
            let later = offset + (isCut ? Self.byteCount(bytes, offset) : 0)
            for page in stride(from: later, to: bytes.count, by: Self.page) {
                guard let head = self.blockHead(bytes, page) else { continue }
                try Self.require(head.u64(16) < end.lsn, "damage at \(offset): a later block")
            }
            return (blocks, isCut || Self.isBegun(bytes, offset, end))
        }
        return (blocks, false)
    }

    /// Returns the bytes of the block at `offset`: whole pages.
    private static func byteCount(_ bytes: [UInt8], _ offset: Int) -> Int {
        (96 + Int(Array(bytes[offset..<(offset + 96)]).u32(8)) + Self.page - 1) / Self.page
            * Self.page
    }

    private static func isBegun(
        _ bytes: [UInt8],
        _ offset: Int,
        _ end: (lsn: UInt64, hash: UInt64)
    ) -> Bool {
        guard offset < bytes.count else { return false }
        let page = Array(bytes[offset..<(offset + Self.page)])
        if Self.checksum(page[0..<92]) == page.u32(92) { return false }
        return page.prefix(4) == Array("IVBK".utf8)[...]
            || page.u64(16) == end.lsn && page.u64(48) == end.hash
            || page.u32(0) != 0 && page.dropFirst(4).allSatisfy { $0 == 0 }
    }

    /// Returns the 96 bytes of a valid head of this database.
    private func blockHead(_ bytes: [UInt8], _ offset: Int) -> [UInt8]? {
        guard offset + 96 <= bytes.count else { return nil }
        let head = Array(bytes[offset..<(offset + 96)])
        let isWhole =
            Self.checksum(head[0..<92]) == head.u32(92)
            && head.prefix(4) == Array("IVBK".utf8)[...]
            && head.u32(4) & 0xFFFF == 1 && Array(head[32..<48]) == self.database
        return isWhole ? head : nil
    }

    private static func body(_ bytes: [UInt8], _ head: [UInt8], _ offset: Int) throws -> [UInt8]? {
        let end = offset + 96 + Int(head.u32(8))
        guard end <= bytes.count else { return nil }
        let stored = bytes[(offset + 96)..<end]
        guard self.checksum(stored) == head.u32(72) else { return nil }
        return try self.decode(Array(stored), isLZ4: head[7] == 1, count: Int(head.u32(12)))
    }

    // MARK: - The snapshot

    /// Returns the newest snapshot's LSN, and the bytes of each segment of each part.
    func snapshot() throws -> (lsn: UInt64, parts: [UInt32: [[UInt8]]])? {
        let names = try self.storage.list().filter { $0.hasPrefix("snapshot-") }.sorted()
        guard let name = names.last else { return nil }
        let bytes = self.storage.bytes(name)
        try Self.check(bytes[...], checksumAt: bytes.count - 4, name)
        try Self.checkHead(bytes, "INVDSNP1", self.database)
        try Self.require(Self.lsn(of: name) == bytes.u64(32), "\(name) has another name")
        var parts: [UInt32: [[UInt8]]] = [:]
        for index in 0..<Int(bytes.u32(48)) {
            let entry = Array(bytes[(56 + index * 40)..<(96 + index * 40)])
            let part = entry.u32(0)
            try Self.require(Int(entry.u32(4)) == parts[part, default: []].count, "out of order")
            parts[part, default: []].append(try self.segment(entry))
        }
        return (bytes.u64(32), parts)
    }

    private func segment(_ entry: [UInt8]) throws -> [UInt8] {
        let digits = String(entry.u64(8))
        let zeros = String(repeating: "0", count: 20 - digits.count)
        let name = "blocks-\(zeros)\(digits).invblk"
        let file = self.storage.bytes(name)
        try Self.checkHead(file, "INVDBLK1", self.database)
        try Self.check(file[...], checksumAt: 60, name)
        let start = Int(entry.u64(16))
        let stored = Array(file[start..<(start + Int(entry.u32(24)))])
        try Self.require(Self.checksum(stored[...]) == entry.u32(36), "\(name) at \(start)")
        let raw = try Self.decode(stored, isLZ4: entry[33] == 1, count: Int(entry.u32(28)))
        return entry[33] == 1 ? Self.unshuffled(raw, Int(entry[32])) : raw
    }

    private static func unshuffled(_ raw: [UInt8], _ stride: Int) -> [UInt8] {
        let count = raw.count / stride
        return raw.indices.map { index in
            index < count * stride ? raw[index % stride * count + index / stride] : raw[index]
        }
    }
}

// MARK: - Backups

extension IndependentReader {
    struct Backup {
        var image: UInt64
        var last: UInt64
        var parts: [UInt32: [[UInt8]]] = [:]
        var blocks: [Block] = []
        var checksum: UInt64 = 0
    }

    /// Reads a whole backup.
    static func backup(_ bytes: [UInt8], of database: [UInt8]) throws -> Backup {
        try self.checkHead(bytes, "INVDBAK1", database)
        try self.check(bytes[0..<64], checksumAt: 60, "the head")
        var backup = Backup(image: bytes.u64(32), last: bytes.u64(40))
        var offset = 64
        var number: UInt64 = 0
        var hash = self.hash(Array(bytes[0..<64]))
        while true {
            let head = Array(bytes[offset..<(offset + 64)])
            try self.check(head[...], checksumAt: 60, "block \(number)")
            try self.require(Array(head.prefix(4)) == Array("IVBU".utf8), "no block")
            try self.require(head.u64(32) == number && head.u64(40) == hash, "out of order")
            let stored = Array(bytes[(offset + 64)..<(offset + 64 + Int(head.u32(8)))])
            try self.require(self.checksum(stored) == head.u32(48), "body \(number)")
            let raw = try self.decode(stored, isLZ4: head[5] > 0, count: Int(head.u32(12)))
            let body = head[5] == 1 ? self.unshuffled(raw, Int(head[6])) : raw
            switch head[4] {
            case 1:
                backup.parts[head.u32(16), default: []].append(body)
            case 2:
                let count = Int(head.u32(16))
                backup.blocks.append(Block(first: head.u64(24), count: count, body: body))
            default:
                try self.require(body.u64(16) == UInt64(offset), "the end is elsewhere")
                try self.require(offset + 64 + stored.count == bytes.count, "bytes after the end")
                backup.checksum = body.u64(0)
                return backup
            }
            offset += 64 + stored.count
            number += 1
            hash = self.hash(head)
        }
    }

    /// Returns the sum of a column of integers in a state checksum.
    static func stateChecksum(ofPart part: UInt32, _ values: [UInt64]) -> UInt64 {
        func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let product = a.multipliedFullWidth(by: b)
            return product.high ^ product.low
        }
        let m: UInt64 = 0x9E37_79B9_7F4A_7C15
        let s: UInt64 = 0xD1B5_4A32_D192_ED03
        var sum = fold(fold(UInt64(values.count) ^ s, m) ^ UInt64(part), s)
        for (row, value) in values.enumerated() where value != 0 {
            sum &+= fold(fold(value ^ s, (2 * UInt64(row) + 1) &* m) ^ UInt64(part), m)
        }
        return sum
    }
}

// MARK: - Conventions

extension IndependentReader {
    private static func require(_ condition: Bool, _ problem: String) throws {
        if !condition { throw Problem(description: problem) }
    }

    private static func checkHead(_ bytes: [UInt8], _ magic: String, _ database: [UInt8]?) throws {
        try self.require(Array(bytes.prefix(8)) == Array(magic.utf8), "no \(magic)")
        try self.require(bytes.u32(8) & 0xFFFF == 1, "version of \(magic)")
        if let database { try self.require(Array(bytes[16..<32]) == database, "foreign \(magic)") }
    }

    private static func check(
        _ bytes: ArraySlice<UInt8>,
        checksumAt offset: Int,
        _ name: String
    ) throws {
        let isRight = self.checksum(bytes.prefix(offset)) == Array(bytes).u32(offset)
        try self.require(isRight, "checksum of \(name)")
    }

    private static func lsn(of name: String) -> UInt64 {
        UInt64(name.split(separator: "-")[1].prefix(20)) ?? 0
    }

    static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var state = UInt32.max
        for byte in bytes {
            state ^= UInt32(byte)
            for _ in 0..<8 { state = (state >> 1) ^ (state & 1 == 1 ? 0x82F6_3B78 : 0) }
        }
        return ~state
    }

    private static func hash(_ bytes: [UInt8]) -> UInt64 {
        func fold(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let product = a.multipliedFullWidth(by: b)
            return product.high ^ product.low
        }
        let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
        let start: UInt64 = 0xD1B5_4A32_D192_ED03
        var state = start
        for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
            state = fold(state ^ bytes.u64(offset), multiplier)
        }
        precondition(bytes.count % 8 == 0, "a head is whole words")
        state = fold(state, multiplier)
        return fold(state ^ UInt64(bytes.count), start)
    }

    private static func decode(_ stored: [UInt8], isLZ4: Bool, count: Int) throws -> [UInt8] {
        let raw = isLZ4 ? try self.decompress(stored) : stored
        try self.require(raw.count == count, "\(raw.count) bytes instead of \(count)")
        return raw
    }

    /// Decodes one LZ4 block: a token, literals, and a copy of earlier bytes, repeatedly.
    private static func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
        var raw: [UInt8] = []
        var offset = 0
        func length(_ nibble: UInt8) -> Int {
            var length = Int(nibble)
            guard nibble == 15 else { return length }
            repeat {
                length += Int(bytes[offset])
                offset += 1
            } while bytes[offset - 1] == 255
            return length
        }
        while offset < bytes.count {
            let token = bytes[offset]
            offset += 1
            let literals = length(token >> 4)
            raw += bytes[offset..<(offset + literals)]
            offset += literals
            guard offset < bytes.count else { break }
            let distance = Int(bytes[offset]) | Int(bytes[offset + 1]) << 8
            offset += 2
            try self.require(distance > 0 && distance <= raw.count, "a copy from before the start")
            for _ in 0..<(length(token & 15) + 4) { raw.append(raw[raw.count - distance]) }
        }
        return raw
    }
}

// MARK: - Parity

extension IndependentReader {
    /// Returns the original content of a page, from its parity and the other pages of its stripe.
    func original(_ page: Int, of name: String) throws -> [UInt8] {
        let parity = self.storage.bytes(name.prefix { $0 != "." } + ".invpar")
        try Self.checkHead(parity, "INVDPAR1", self.database)
        try Self.check(parity[0..<64], checksumAt: 60, name)
        let file = self.storage.bytes(name)
        try Self.require(parity.u64(40) == UInt64(file.count), "another size")
        let pageCount = (file.count + Self.page - 1) / Self.page
        let stripeCount = (pageCount + 63) / 64
        try Self.require(Int(parity.u32(12)) == stripeCount, "another number of stripes")
        let tableEnd = 64 + 4 * (pageCount + stripeCount)
        try Self.require(Self.checksum(parity[64..<tableEnd]) == parity.u32(48), "the checksums")
        let stripe = page % stripeCount
        let start = (tableEnd + Self.page - 1) / Self.page * Self.page + stripe * Self.page
        var original = Array(parity[start..<(start + Self.page)])
        for other in stride(from: stripe, to: pageCount, by: stripeCount) where other != page {
            for (index, byte) in file[(other * Self.page)...].prefix(Self.page).enumerated() {
                original[index] ^= byte
            }
        }
        try Self.require(Self.checksum(original) == parity.u32(64 + 4 * page), "not the original")
        return Array(original.prefix(file.count - page * Self.page))
    }
}

extension [UInt8] {
    fileprivate func u32(_ offset: Int) -> UInt32 {
        self[offset..<(offset + 4)].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    fileprivate func u64(_ offset: Int) -> UInt64 {
        self[offset..<(offset + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
