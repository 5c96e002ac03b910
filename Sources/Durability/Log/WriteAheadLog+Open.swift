internal import ColumnStore

extension WriteAheadLog {
    /// Opens the log of a directory: reads and checks it, drops a torn tail, and goes on behind it.
    ///
    /// - Parameters:
    ///   - after: The LSN the state is at already; 0 without a snapshot.
    ///   - replay: Is handed each block with later steps: its first LSN, how many steps, the bytes.
    ///     Steps up to `after` may be among them.
    static func open(
        storage: any Storage,
        database: DatabaseID,
        configuration: LogConfiguration,
        after: LSN,
        time: Int64,
        report: inout RecoveryReport,
        replay: LogRecovery.Replay
    ) throws(DurabilityError) -> WriteAheadLog {
        let all = try storage.list()
        var names = all.filter { LogFileHead.firstLSN(ofName: $0) != nil }.sorted()
        if names.isEmpty {
            guard after == .zero else {
                throw .missingLog(
                    expected: after.next,
                    found: .zero,
                    path: storage.path(LogFileHead.name(after.next))
                )
            }
            try Self.create(storage, database, configuration, time: time)
            names = [LogFileHead.name(.first)]
        }
        let recovery = LogRecovery(storage: storage, database: database, after: after)
        let end = try recovery.run(names, report: &report, replay: replay)
        report.lastLSN = LSN(end.nextLSN.value - 1)

        let file = try storage.open(names[names.count - 1], create: false, direct: true)
        if report.torn != nil { try Self.erase(file, at: end.offset) }
        // A spare of another size is from another configuration, a half-made one from a crash.
        var hasSpare = false
        for name in all where [LogFileHead.spareName, LogFileHead.preparedName].contains(name) {
            let byteCount = try storage.open(name, create: false, direct: false).byteCount()
            let isUsable =
                name == LogFileHead.spareName
                && byteCount == UInt64(configuration.fileByteCount)
            if isUsable { hasSpare = true } else { try storage.remove(name) }
        }
        return WriteAheadLog(
            storage: storage,
            database: database,
            configuration: configuration,
            files: try names.map { (name) throws(DurabilityError) in
                try Self.entry(storage, database, name)
            },
            file: file,
            end: end,
            hasSpare: hasSpare
        )
    }

    private static func create(
        _ storage: any Storage,
        _ database: DatabaseID,
        _ configuration: LogConfiguration,
        time: Int64
    ) throws(DurabilityError) {
        try storage.allocate(LogFileHead.spareName, byteCount: configuration.fileByteCount)
        let file = try storage.open(LogFileHead.spareName, create: false, direct: true)
        let head = LogFileHead(
            database: database,
            firstLSN: .first,
            previousHash: 0,
            fileByteCount: UInt64(configuration.fileByteCount),
            time: time
        )
        try storage.putInUse(file, head)
    }

    private static func entry(
        _ storage: any Storage,
        _ database: DatabaseID,
        _ name: String
    ) throws(DurabilityError) -> FileEntry {
        let file = try storage.open(name, create: false, direct: false)
        let bytes = try file.bytes(at: 0, count: LogFileHead.byteCount)
        let head = try LogFileHead(bytes, path: file.path, database: database)
        return FileEntry(
            name: name,
            firstLSN: head.firstLSN,
            byteCount: try file.byteCount(),
            time: head.time
        )
    }

    /// Wipes the head of a torn block, so that it can never be taken for a later one.
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
