internal import Bytes

extension WriteAheadLog {
    /// Opens the log of a directory: verifies it, drops a torn tail, and continues after it.
    ///
    /// `after` is the LSN of the loaded state, 0 without a snapshot. `replay` receives each block with later
    /// steps: its first LSN, the number of steps, the bytes; steps up to `after` may be among them. Nothing
    /// on disk is changed before everything was verified.
    ///
    /// Clients will see what was read, so the log is sealed before this returns: from then on, damage to its
    /// last block is not a torn tail.
    static func open(
        storage: any Storage,
        identity: DatabaseIdentity,
        configuration: LogConfiguration,
        after: LSN,
        time: Int64,
        report: inout RecoveryReport,
        replay: LogRecovery.Replay
    ) throws(DurabilityError) -> WriteAheadLog {
        let database = identity.database
        let all = try storage.list()
        let names = all.filter { LogFileHead.firstLSN(ofName: $0) != nil }.sorted()
        let newestFile = names.last.flatMap { LogFileHead.firstLSN(ofName: $0) } ?? .first
        if let mark = identity.mark, !names.isEmpty, newestFile < mark.newestFile {
            let path = storage.path(LogFileHead.name(mark.newestFile))
            throw .missingNewestLog(path: path, firstLSN: mark.newestFile)
        }
        let recovery = LogRecovery(storage: storage, database: database, after: after)
        let end = try recovery.run(names, report: &report, replay: replay)
        report.lastLSN = LSN(end.nextLSN.value - 1)
        if let mark = identity.mark, report.lastLSN < mark.acknowledged {
            throw .shortLog(
                path: storage.path(LogFileHead.name(newestFile)),
                last: report.lastLSN,
                acknowledged: mark.acknowledged
            )
        }

        let (files, loss) = try Self.connected(names, after: after, in: storage, of: database)
        if let loss {
            report.notices.append(
                .noHistory(path: loss.path, reason: loss.reason, first: files[0].firstLSN)
            )
        }
        let file = try storage.open(names[names.count - 1], create: false, direct: true)
        // Everything was verified: changes start here.
        let hasPage = end.offset < (files.last?.byteCount ?? 0)
        if report.torn != nil || end.isSealed && hasPage { try Self.erase(file, at: end.offset) }
        // A spare of another size is from another configuration, an unfinished one from a crash.
        var hasSpare = false
        let besides = [LogFileHead.spareName, LogFileHead.preparedName, LogFileHead.rollingName]
        for name in all where besides.contains(name) {
            let byteCount = try storage.open(name, create: false, direct: false).byteCount()
            let isUsable =
                name == LogFileHead.spareName
                && byteCount == UInt64(configuration.fileByteCount)
            if isUsable { hasSpare = true } else { try storage.remove(name) }
        }
        let log = WriteAheadLog(
            storage: storage,
            database: database,
            configuration: configuration,
            files: files,
            disconnected: names.dropLast(files.count).map { $0 },
            file: file,
            mark: try identity.openMark(storage, newestFile: newestFile),
            end: end,
            hasSpare: hasSpare
        )
        try log.close(acknowledged: report.lastLSN, time: time)
        return log
    }

    /// Creates the first file of a new database, unless an interrupted start has.
    ///
    /// `first` is the LSN of its first step: that after the image, if the database is restored.
    static func create(
        _ storage: any Storage,
        of database: DatabaseID,
        first: LSN = .first,
        configuration: LogConfiguration,
        time: Int64
    ) throws(DurabilityError) {
        guard try !storage.list().contains(LogFileHead.name(first)) else { return }
        try storage.allocate(LogFileHead.rollingName, byteCount: configuration.fileByteCount)
        let file = try storage.open(LogFileHead.rollingName, create: false, direct: true)
        let head = LogFileHead(
            database: database,
            firstLSN: first,
            previousHash: 0,
            fileByteCount: UInt64(configuration.fileByteCount),
            time: time
        )
        try storage.putInUse(file, source: LogFileHead.rollingName, head: head)
    }

    /// The reason why the log's history starts later.
    struct HistoryLoss: Equatable, Sendable {
        var path: String
        /// What is wrong with the file, in words.
        var reason: String
        /// Whether the file exists, so that parity may restore it.
        var isDamage: Bool
    }

    /// Returns the newest run of readable files without a gap, and the last missing or unreadable file
    /// before them, if any.
    ///
    /// Each head contains the distance to the preceding file, so only the heads are read. The files that a
    /// start from a snapshot at `after` needs must be readable.
    static func connected(
        _ names: [String],
        after: LSN,
        in storage: any Storage,
        of database: DatabaseID
    ) throws(DurabilityError) -> (files: [FileEntry], loss: HistoryLoss?) {
        let needed = LogRecovery.firstNeeded(names, after: after)
        var files: [FileEntry] = []
        var loss: HistoryLoss?
        for (index, name) in names.enumerated() {
            let entry: FileEntry
            let distance: UInt32
            do throws(DurabilityError) {
                (entry, distance) = try Self.entry(name, in: storage, of: database)
            } catch {
                guard index < needed, let reason = Self.damage(error) else { throw error }
                loss = HistoryLoss(path: storage.path(name), reason: reason, isDamage: true)
                files = []
                continue
            }
            if let last = files.last, distance > 0,
                entry.firstLSN.value - last.firstLSN.value != UInt64(distance)
            {
                let missing = LogFileHead.name(LSN(entry.firstLSN.value &- UInt64(distance)))
                loss = HistoryLoss(
                    path: storage.path(missing),
                    reason: "it is missing",
                    isDamage: false
                )
                files = []
            }
            files.append(entry)
        }
        return (files, loss)
    }

    /// Describes the damage of an unreadable file, or returns `nil` for an intact file of another log, which
    /// must not be removed.
    private static func damage(_ error: DurabilityError) -> String? {
        switch error {
        case .wrongKind: "it does not start like a log file"
        case .corruptHead: "its head is damaged"
        case .corruptBlock(_, _, _, let reason): reason
        case .failed(operation: "read", _, _, let reason): "it cannot be read: \(reason)"
        default: nil
        }
    }

    /// Returns a log file according to its head, and its distance from the preceding one.
    private static func entry(
        _ name: String,
        in storage: any Storage,
        of database: DatabaseID
    ) throws(DurabilityError) -> (FileEntry, distance: UInt32) {
        let file = try storage.open(name, create: false, direct: false)
        let bytes = try file.bytes(at: 0, count: LogFileHead.byteCount)
        let head = try LogFileHead(bytes, path: file.path, database: database)
        let byteCount = try file.byteCount()
        guard head.firstLSN == LogFileHead.firstLSN(ofName: name) else {
            throw .corruptHead(path: file.path)
        }
        guard byteCount == head.fileByteCount else {
            throw .corruptBlock(
                path: file.path,
                offset: byteCount,
                lsn: head.firstLSN,
                reason: "the file has \(byteCount) bytes of \(head.fileByteCount)"
            )
        }
        let entry = FileEntry(
            name: name,
            firstLSN: head.firstLSN,
            byteCount: byteCount,
            time: head.time
        )
        return (entry, head.distance)
    }

    /// Erases the head of a torn block, so that it can never be mistaken for a later one.
    ///
    /// This also covers a block that never reached the disk but is still in the page cache: its place is
    /// overwritten by a seal or by this.
    private static func erase(
        _ file: any StorageFile,
        at offset: UInt64
    ) throws(DurabilityError) {
        let page = UnsafeMutableRawBufferPointer.allocate(
            byteCount: StorageAlignment.byteCount,
            alignment: StorageAlignment.byteCount
        )
        defer { page.deallocate() }
        page.initializeMemory(as: UInt8.self, repeating: 0)
        try file.write(UnsafeRawBufferPointer(page), at: offset)
        try file.sync()
    }
}
