internal import Bytes
internal import Durability
internal import InventoryEngine
internal import InventoryModel

/// An opened data directory and the state recovered from its files.
struct OpenedDatabase: Sendable {
    var directory: DataDirectory
    /// Where new steps go, and where subscribers that are behind read.
    var log: any LogStore
    var state: InventoryState

    /// Opens a directory: loads the newest snapshot and replays the later steps of the log, with the same
    /// functions that the running engine uses.
    static func open(
        _ storage: any Storage,
        _ configuration: LogConfiguration,
        newID: DatabaseID,
        now: Instant
    ) throws(DurabilityError) -> OpenedDatabase {
        var state = InventoryState()
        var replay = Replay()
        let directory = try DataDirectory.open(
            storage,
            configuration: configuration,
            newID: newID,
            time: now.microseconds,
            load: { (loader) throws(DurabilityError) in
                state = try Self.load(&loader)
            },
            replay: { (first, _, body) throws(DurabilityError) in
                do throws(ByteReaderError) {
                    try state.evolve(body, with: &replay)
                } catch {
                    throw .unreadable(path: "the log", lsn: first, reason: "\(error)")
                }
            }
        )
        return OpenedDatabase(directory: directory, log: directory.log, state: state)
    }

    static func load(
        _ loader: inout SnapshotLoader
    ) throws(DurabilityError) -> InventoryState {
        let lsn = loader.lsn
        let path = loader.path
        do {
            let state = try InventoryState.load(from: &loader)
            guard state.lsn == lsn else {
                throw DurabilityError.unreadable(
                    path: path,
                    lsn: lsn,
                    reason: "it holds the state at LSN \(state.lsn)"
                )
            }
            return state
        } catch let error as DurabilityError {
            throw error
        } catch {
            throw .unreadable(path: path, lsn: lsn, reason: "\(error)")
        }
    }
}
