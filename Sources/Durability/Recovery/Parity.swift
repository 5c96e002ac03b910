internal import Bytes
internal import CKernels

/// Redundancy that restores one damaged page per stripe of a sealed file, byte for byte.
///
/// A file that no longer changes gets a parity file: a checksum of each of its pages, and the XOR of the
/// pages of each **stripe**. A page that does not match its checksum is restored by XOR of the parity and
/// the stripe's other pages. Adjacent pages belong to different stripes, so damage to a run of pages can
/// be restored as well as damage to one.
///
///     page      0   1   2   3   4   5   6   7   8 …       of the file, the last padded with zeros
///     stripe    0   1   2   0   1   2   0   1   2 …       page modulo the stripe count
///     parity    P0 = page 0 ⊕ 3 ⊕ 6 ⊕ …
///
///     offset  size  field
///          0     8  magic          "INVDPAR1"
///          8     2  version        1
///         10     2  zero
///         12     4  stripe count   the file's pages divided by 64, rounded up
///         16    16  database id
///         32     8  LSN            in the name of the file
///         40     8  byte count     of the file
///         48     4  checksum       CRC-32C of the page checksums
///         52     8  zero
///         60     4  head checksum  CRC-32C of bytes 0 ..< 60
///         64        page checksums CRC-32C, 4 bytes each: of the file's pages, then of the parity's
///                   zeros up to a whole page
///                   parity         one page for each stripe
///
/// It adds 1.7 % to a file of 1 MiB or more.
struct Parity: Equatable, Sendable {
    static let magic: UInt64 = 0x3152_4150_4456_4E49
    static let version: UInt16 = 1
    static let headByteCount = 64
    /// The pages per stripe.
    static let stripePageCount = 64
    /// The maximum byte count of a protected file; larger stored lengths are invalid.
    static let fileByteCountMax: UInt64 = 1 << 40

    private static let page = StorageAlignment.byteCount

    let database: DatabaseID
    let lsn: LSN
    /// The byte count of the protected file.
    let fileByteCount: UInt64
    /// The checksums of the file's pages, then of the parity's.
    private(set) var checksums: [UInt32]
    private(set) var pages: [UInt8]

    var pageCount: Int { Self.pageCount(self.fileByteCount) }
    var stripeCount: Int { Self.stripeCount(self.pageCount) }

    static func pageCount(_ byteCount: UInt64) -> Int {
        Int((byteCount + UInt64(self.page) - 1) / UInt64(self.page))
    }

    static func stripeCount(_ pageCount: Int) -> Int {
        (pageCount + self.stripePageCount - 1) / self.stripePageCount
    }

    // MARK: - Creating

    /// Computes the parity of a file, reading it once.
    ///
    /// - Complexity: O(bytes); uses memory for a 64th of the file.
    init(
        of file: any StorageFile,
        database: DatabaseID,
        lsn: LSN
    ) throws(DurabilityError) {
        self.database = database
        self.lsn = lsn
        self.fileByteCount = try file.byteCount()
        let pageCount = Self.pageCount(self.fileByteCount)
        let stripeCount = Self.stripeCount(pageCount)
        self.pages = [UInt8](repeating: 0, count: stripeCount * Self.page)
        self.checksums = []
        self.checksums.reserveCapacity(pageCount + stripeCount)
        for page in 0..<pageCount {
            let bytes = try Self.page(page, of: file)
            self.checksums.append(bytes.withUnsafeBytes { CRC32C.checksum($0) })
            Self.combine(bytes, into: &self.pages, at: page % stripeCount * Self.page)
        }
        for stripe in 0..<stripeCount { self.checksums.append(self.checksum(ofStripe: stripe)) }
        self.checkInvariants()
    }

    /// Stops the process unless there is a checksum for each page, and a page for each stripe.
    func checkInvariants() {
        precondition(
            self.checksums.count == self.pageCount + self.stripeCount,
            "\(self.checksums.count) checksums of \(self.pageCount) pages"
        )
        precondition(
            self.pages.count == self.stripeCount * Self.page,
            "\(self.pages.count) bytes for \(self.stripeCount) stripes"
        )
    }

    /// Returns a page of a file, or `nil` if the disk cannot read it.
    private static func readable(
        _ page: Int,
        of file: any StorageFile
    ) throws(DurabilityError) -> [UInt8]? {
        do throws(DurabilityError) {
            return try Self.page(page, of: file)
        } catch {
            // An unreadable page is as damaged as one with wrong bytes.
            if case .failed(operation: "read", _, _, _) = error { return nil }
            throw error
        }
    }

    /// Returns a page of a file, padded with zeros at the end.
    static func page(
        _ page: Int,
        of file: any StorageFile
    ) throws(DurabilityError) -> [UInt8] {
        var bytes = try file.bytes(at: UInt64(page) * UInt64(Self.page), count: Self.page)
        if bytes.count < Self.page {
            bytes += [UInt8](repeating: 0, count: Self.page - bytes.count)
        }
        return bytes
    }

    private func checksum(ofStripe stripe: Int) -> UInt32 {
        self.pages.withUnsafeBytes { bytes in
            let start = stripe * Self.page
            return CRC32C.checksum(
                UnsafeRawBufferPointer(rebasing: bytes[start..<(start + Self.page)])
            )
        }
    }

    /// XORs a page into `target` at `offset`.
    private static func combine(_ page: [UInt8], into target: inout [UInt8], at offset: Int) {
        page.withUnsafeBytes { page in
            target.withUnsafeMutableBytes { target in
                let part = UnsafeMutableRawBufferPointer(
                    rebasing: target[offset..<(offset + page.count)]
                )
                guard let to = part.baseAddress, let from = page.baseAddress else { return }
                invd_xor(
                    to.assumingMemoryBound(to: UInt8.self),
                    from.assumingMemoryBound(to: UInt8.self),
                    page.count
                )
            }
        }
    }

    // MARK: - Verifying and restoring

    /// Returns whether a page matches its checksum.
    func isWhole(_ bytes: [UInt8], page: Int) -> Bool {
        bytes.withUnsafeBytes { CRC32C.checksum($0) } == self.checksums[page]
    }

    /// Returns which of these pages are unreadable or do not match their checksums.
    func damagedPages(
        of file: any StorageFile,
        in pages: Range<Int>
    ) throws(DurabilityError) -> [Int] {
        var damaged: [Int] = []
        for page in pages {
            let bytes = try Self.readable(page, of: file)
            if bytes.map({ self.isWhole($0, page: page) }) != true { damaged.append(page) }
        }
        return damaged
    }

    func damagedPages(of file: any StorageFile) throws(DurabilityError) -> [Int] {
        try self.damagedPages(of: file, in: 0..<self.pageCount)
    }

    /// Returns the original content of a damaged page.
    ///
    /// Returns `nil` if another page of its stripe or the parity is also damaged. Reads 64 pages.
    func original(
        ofPage page: Int,
        in file: any StorageFile
    ) throws(DurabilityError) -> [UInt8]? {
        let stripe = page % self.stripeCount
        guard self.checksum(ofStripe: stripe) == self.checksums[self.pageCount + stripe] else {
            return nil
        }
        let start = stripe * Self.page
        var bytes = Array(self.pages[start..<(start + Self.page)])
        for other in stride(from: stripe, to: self.pageCount, by: self.stripeCount)
        where other != page {
            guard let found = try Self.readable(other, of: file),
                self.isWhole(found, page: other)
            else { return nil }
            Self.combine(found, into: &bytes, at: 0)
        }
        return self.isWhole(bytes, page: page) ? bytes : nil
    }

    /// Whether the parity matches its own checksums.
    var isWhole: Bool {
        (0..<self.stripeCount).allSatisfy {
            self.checksum(ofStripe: $0) == self.checksums[self.pageCount + $0]
        }
    }

    // MARK: - Encoding

    func encode(into writer: inout ByteWriter) {
        assert(self.isWhole, "a parity whose own pages do not match")
        var table = ByteWriter(capacity: self.checksums.count * 4)
        for checksum in self.checksums { table.write(checksum) }
        let start = writer.count
        writer.write(Self.magic)
        writer.write(Self.version)
        writer.writeZeros(2)
        writer.write(UInt32(self.stripeCount))
        writer.write(self.database.bytes.0)
        writer.write(self.database.bytes.1)
        writer.write(self.lsn)
        writer.write(self.fileByteCount)
        writer.write(table.withBytes { CRC32C.checksum($0) })
        writer.writeZeros(8)
        writer.write(
            writer.withBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        )
        table.withBytes { writer.write(bytes: $0) }
        let used = writer.count - start
        writer.writeZeros(StorageAlignment.rounded(used) - used)
        writer.write(bytes: self.pages)
    }

    /// Decodes a parity file; `nil` if its head or page checksums are damaged, or it belongs to another file.
    ///
    /// A damaged page of the parity itself is detected only when it is used.
    init?(_ bytes: [UInt8], database: DatabaseID, lsn: LSN, fileByteCount: UInt64) {
        guard fileByteCount <= Self.fileByteCountMax else { return nil }
        let pageCount = Self.pageCount(fileByteCount)
        let stripeCount = Self.stripeCount(pageCount)
        let checksumCount = pageCount + stripeCount
        let tableEnd = Self.headByteCount + checksumCount * 4
        let pagesStart = StorageAlignment.rounded(tableEnd)
        guard bytes.count == pagesStart + stripeCount * Self.page else { return nil }
        let checksums = bytes.withUnsafeBytes { bytes -> [UInt32]? in
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            func half(_ offset: Int) -> UInt32 {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            }
            let head = UnsafeRawBufferPointer(rebasing: bytes[0..<60])
            let table = UnsafeRawBufferPointer(rebasing: bytes[Self.headByteCount..<tableEnd])
            guard half(60) == CRC32C.checksum(head), half(48) == CRC32C.checksum(table),
                word(0) == Self.magic, UInt16(truncatingIfNeeded: word(8)) == Self.version,
                Int(half(12)) == stripeCount, DatabaseID(word(16), word(24)) == database,
                word(32) == lsn.value, word(40) == fileByteCount
            else { return nil }
            return (0..<checksumCount).map { half(Self.headByteCount + $0 * 4) }
        }
        guard let checksums else { return nil }
        self.database = database
        self.lsn = lsn
        self.fileByteCount = fileByteCount
        self.checksums = checksums
        self.pages = Array(bytes[pagesStart...])
        self.checkInvariants()
    }
}
