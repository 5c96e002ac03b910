internal import Bytes

/// The end of the log: the result of recovery, where the writer continues.
struct LogEnd: Equatable, Sendable {
    var nextLSN: LSN
    /// The hash of the last block's head.
    var hash: UInt64
    /// The offset of the next block in the last file.
    var offset: UInt64
    /// Whether a seal or the head of the next file confirms that the last block is complete.
    var isSealed: Bool
}

/// Reads the log files in order, verifies the chain, and distinguishes a torn tail from corruption.
///
/// Only one block is ever in flight. A power cut can therefore leave at most one unfinished block, at the
/// very end, and nothing valid after it: a **torn tail**, never acknowledged, dropped and reported. A bad
/// block with a later one anywhere after it is **corruption**: acknowledged steps are damaged, and the
/// start is refused without changing anything on disk.
struct LogRecovery {
    let storage: any Storage
    let database: DatabaseID
    /// The snapshot's LSN: steps up to it are skipped.
    let after: LSN

    typealias Replay = (LSN, Int, UnsafeRawBufferPointer) throws(DurabilityError) -> Void

    /// Reads the sorted `names` and passes every block with a step after ``after`` to `replay`.
    func run(
        _ names: [String],
        report: inout RecoveryReport,
        replay: Replay
    ) throws(DurabilityError) -> LogEnd {
        let first = Self.firstNeeded(names, after: self.after)
        var end: LogEnd?
        for (index, name) in names.enumerated() where index >= first {
            let isLast = index + 1 == names.count
            let file = try self.storage.open(name, create: false, direct: isLast)
            // Writes that a killed process never synced may be only in the page cache. Pages whose sync
            // failed may also be there, marked clean although they never reached the disk: so the file
            // written last is read from the disk itself.
            try file.sync()
            let bytes =
                isLast
                ? try file.wholeFromDisk() : try file.bytes(at: 0, count: Int(try file.byteCount()))
            let head = try LogFileHead(bytes, path: file.path, database: self.database)
            let found = LogFileHead.firstLSN(ofName: name)
            guard head.firstLSN == found else { throw .corruptHead(path: file.path) }
            guard UInt64(bytes.count) == head.fileByteCount else {
                throw .corruptBlock(
                    path: file.path,
                    offset: UInt64(bytes.count),
                    lsn: head.firstLSN,
                    reason: "the file has \(bytes.count) bytes of \(head.fileByteCount)"
                )
            }
            if let end {
                guard head.firstLSN == end.nextLSN, head.previousHash == end.hash else {
                    throw .missingLog(
                        expected: end.nextLSN,
                        found: head.firstLSN,
                        path: file.path
                    )
                }
            } else if head.firstLSN > self.after.next {
                throw .missingLog(
                    expected: self.after.next,
                    found: head.firstLSN,
                    path: file.path
                )
            }
            let next = index + 1 < names.count ? names[index + 1] : nil
            end = try self.read(
                bytes,
                head: head,
                path: file.path,
                next: next,
                into: &report,
                replay: replay
            )
        }
        guard let end else {
            throw .missingLog(
                expected: self.after.next,
                found: self.after,
                path: self.storage.path(DataDirectory.identityName)
            )
        }
        return end
    }

    /// Returns the index of the first of the sorted `names` that a start from a snapshot at `after` needs.
    ///
    /// It is the last file that starts at or before the first needed step. The files before it are history:
    /// their damage does not prevent a start.
    static func firstNeeded(_ names: [String], after: LSN) -> Int {
        let index = names.lastIndex { name in
            guard let first = LogFileHead.firstLSN(ofName: name) else { return false }
            return first <= after.next
        }
        return index ?? 0
    }

    private func read(
        _ bytes: [UInt8],
        head: LogFileHead,
        path: String,
        next: String?,
        into report: inout RecoveryReport,
        replay: Replay
    ) throws(DurabilityError) -> LogEnd {
        var end = LogEnd(
            nextLSN: head.firstLSN,
            hash: head.previousHash,
            offset: UInt64(LogFileHead.byteCount),
            isSealed: true
        )
        var torn: LogBlock?
        while let found = try self.block(bytes, at: Int(end.offset), end: end, path: path) {
            guard let body = found.body else {
                torn = found.block
                break
            }
            let block = found.block
            if block.kind == .changes {
                report.blocksRead += 1
                if block.nextLSN.value - 1 > self.after.value {
                    try body.withBytes { (body) throws(DurabilityError) in
                        try replay(block.firstLSN, block.count, body)
                    }
                }
            }
            end.nextLSN = block.nextLSN
            end.hash = found.hash
            end.offset += UInt64(block.byteCount)
            end.isSealed = block.kind == .seal
        }
        if let next, LogFileHead.firstLSN(ofName: next) == end.nextLSN { return end }
        try self.judge(bytes, end: end, torn: torn, path: path, next: next, into: &report)
        return end
    }

    /// Returns the block at `offset` if it is next in the chain, with its body if that is valid.
    private func block(
        _ bytes: [UInt8],
        at offset: Int,
        end: LogEnd,
        path: String
    ) throws(DurabilityError) -> (block: LogBlock, body: [UInt8]?, hash: UInt64)? {
        guard offset + StorageAlignment.byteCount <= bytes.count else { return nil }
        var version: UInt16?
        let found = bytes.withUnsafeBytes { bytes -> (LogBlock, [UInt8]?, UInt64)? in
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            do throws(LogBlock.HeadError) {
                let block = try LogBlock(head: rest, database: self.database)
                guard block.firstLSN == end.nextLSN, block.previousHash == end.hash else {
                    return nil
                }
                let hash = LogBlock.hash(head: rest)
                let bodyEnd = LogBlock.headByteCount + block.storedByteCount
                guard bodyEnd <= rest.count else { return (block, nil, hash) }
                let stored = UnsafeRawBufferPointer(
                    rebasing: rest[LogBlock.headByteCount..<bodyEnd]
                )
                return (block, block.body(stored), hash)
            } catch {
                if case .version(let found) = error { version = found }
                return nil
            }
        }
        if let version {
            throw .unsupportedVersion(
                path: path,
                found: version,
                newestKnown: LogBlock.version
            )
        }
        return found
    }

    /// Classifies the end of the blocks: a clean end, a torn tail, missing files, or corruption.
    private func judge(
        _ bytes: [UInt8],
        end: LogEnd,
        torn: LogBlock?,
        path: String,
        next: String?,
        into report: inout RecoveryReport
    ) throws(DurabilityError) {
        let isWritten = torn != nil || self.isWritten(bytes, end)
        var reason: String?
        if let later = self.laterBlock(bytes, than: end, torn) {
            reason = "a later block, \(later), is valid"
        } else if let next, let found = LogFileHead.firstLSN(ofName: next) {
            guard isWritten else {
                throw .missingLog(
                    expected: end.nextLSN,
                    found: found,
                    path: self.storage.path(next)
                )
            }
            reason = "the next file starts with LSN \(found)"
        } else if end.nextLSN <= self.after {
            guard isWritten else {
                throw .missingLog(
                    expected: end.nextLSN,
                    found: self.after,
                    path: self.storage.path(SnapshotManifest.name(self.after))
                )
            }
            reason = "a snapshot exists at LSN \(self.after)"
        }
        if let reason {
            throw .corruptBlock(path: path, offset: end.offset, lsn: end.nextLSN, reason: reason)
        }
        guard isWritten else { return }
        report.torn = RecoveryReport.Torn(
            path: path,
            offset: end.offset,
            firstLSN: end.nextLSN,
            lastLSN: torn.map { LSN($0.nextLSN.value - 1) }
        )
    }

    /// Searches for a valid head written after the end of the chain.
    ///
    /// Older blocks of a recycled file have lower LSNs. A torn block with a valid head has a known length,
    /// and its entries are skipped, so that bytes chosen by a client are never mistaken for a block.
    ///
    /// - Returns: A description of the head, or `nil`.
    private func laterBlock(_ bytes: [UInt8], than end: LogEnd, _ torn: LogBlock?) -> String? {
        var page = Int(end.offset) + (torn?.byteCount ?? 0)
        return bytes.withUnsafeBytes { bytes in
            while page + LogBlock.headByteCount <= bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[page...])
                do throws(LogBlock.HeadError) {
                    let block = try LogBlock(head: rest, database: self.database)
                    if block.firstLSN >= end.nextLSN { return "from LSN \(block.firstLSN) on" }
                } catch {
                    if case .version(let version) = error { return "of version \(version)" }
                }
                page += StorageAlignment.byteCount
            }
            return nil
        }
    }

    /// Returns whether a write of the next block was started in the page where the blocks end.
    ///
    /// Otherwise the page contains zeros or the earlier content of a recycled file, without the next block's
    /// magic, LSN and position in the chain. A write that was cut off within its magic shows only in a page
    /// of zeros.
    private func isWritten(_ bytes: [UInt8], _ end: LogEnd) -> Bool {
        let offset = Int(end.offset)
        guard offset + StorageAlignment.byteCount <= bytes.count else { return false }
        return bytes.withUnsafeBytes { bytes in
            let page = UnsafeRawBufferPointer(
                rebasing: bytes[offset..<(offset + StorageAlignment.byteCount)]
            )
            func word(_ offset: Int) -> UInt64 {
                UInt64(littleEndian: page.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            }
            // A valid head that does not continue the chain is earlier content of the file.
            if (try? LogBlock(head: page, database: self.database)) != nil { return false }
            if UInt32(truncatingIfNeeded: word(0)) == LogBlock.magic { return true }
            if word(LogBlock.firstLSNOffset) == end.nextLSN.value,
                word(LogBlock.previousHashOffset) == end.hash
            {
                return true
            }
            let magic = page.prefix(4)
            return !magic.allSatisfy { $0 == 0 } && page.dropFirst(4).allSatisfy { $0 == 0 }
        }
    }
}
