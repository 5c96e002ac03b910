package import Durability

/// A storage that calls an observer after each changing call.
///
/// A test can check what a power cut would leave at every moment of one run, instead of running again
/// for each.
package final class ObservedStorage: Storage {
    private let base: MemoryStorage
    private let onChange: @Sendable () -> Void

    package init(_ base: MemoryStorage, onChange: @escaping @Sendable () -> Void) {
        self.base = base
        self.onChange = onChange
    }

    package func list() throws(DurabilityError) -> [String] { try self.base.list() }
    package func freeByteCount() throws(DurabilityError) -> UInt64 { try self.base.freeByteCount() }
    package func path(_ name: String) -> String { self.base.path(name) }

    package func open(
        _ name: String,
        create: Bool,
        direct: Bool
    ) throws(DurabilityError) -> any StorageFile {
        let file = try self.base.open(name, create: create, direct: direct)
        if create { self.onChange() }
        return ObservedFile(file, self.onChange)
    }

    package func rename(_ name: String, to newName: String) throws(DurabilityError) {
        try self.base.rename(name, to: newName)
        self.onChange()
    }

    package func remove(_ name: String) throws(DurabilityError) {
        try self.base.remove(name)
        self.onChange()
    }

    package func syncDirectory() throws(DurabilityError) {
        try self.base.syncDirectory()
        self.onChange()
    }
}

private final class ObservedFile: StorageFile {
    private let base: any StorageFile
    private let onChange: @Sendable () -> Void

    init(_ base: any StorageFile, _ onChange: @escaping @Sendable () -> Void) {
        self.base = base
        self.onChange = onChange
    }

    var path: String { self.base.path }
    func byteCount() throws(DurabilityError) -> UInt64 { try self.base.byteCount() }

    func read(
        at offset: UInt64,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(DurabilityError) -> Int {
        try self.base.read(at: offset, into: buffer)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(DurabilityError) {
        try self.base.write(bytes, at: offset)
        self.onChange()
    }

    func sync() throws(DurabilityError) {
        try self.base.sync()
        self.onChange()
    }
}
