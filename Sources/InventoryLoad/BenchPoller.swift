internal import Bytes
import CPosix
import Glibc
import InventoryClient
import Synchronization

/// The client end of a connection of a bench: it receives bytes and appends those to send.
///
/// Used only on the thread of its ``BenchPoller``.
protocol BenchPeer: AnyObject {
    /// Called when the connection is established.
    func connected(_ out: inout ByteWriter)

    /// Called with received bytes; returns the bytes of whole frames, which are consumed.
    func received(_ bytes: UnsafeRawBufferPointer, _ out: inout ByteWriter) -> Int

    /// Sends requests that are due.
    ///
    /// - Returns: When to call again, in nanoseconds of the monotonic clock; `nil` for never.
    func due(_ now: UInt64, _ out: inout ByteWriter) -> UInt64?
}

/// Serves the sockets of many peers on a thread of its own.
///
///     epoll ──▶ read, all sockets into one buffer ──▶ peer ──▶ one write, if it has bytes to send
///
/// A load that costs as much as what it measures would measure itself: so there is no event loop, no
/// allocation and no copy between the socket and the peer. `@unchecked Sendable`: it does not share its
/// thread.
final class BenchPoller: @unchecked Sendable {
    private final class Connection {
        let descriptor: Int32
        let peer: any BenchPeer
        /// The beginning of a frame whose rest has not arrived.
        var partial: [UInt8] = []
        var out = ByteWriter(capacity: 4_096)
        /// The bytes of ``out`` that the socket has accepted.
        var sent = 0
        var waitsToWrite = false

        init(_ descriptor: Int32, _ peer: any BenchPeer) {
            self.descriptor = descriptor
            self.peer = peer
        }

        deinit { close(self.descriptor) }
    }

    private var connections: [Connection] = []
    private let poll = invd_poll_create()
    private var buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
    private let isStopping = Atomic(false)
    private let cutOff = Atomic(0)

    /// The number of connections closed by the server.
    var cutOffCount: Int { self.cutOff.load(ordering: .relaxed) }

    deinit {
        close(self.poll)
        self.buffer.deallocate()
    }

    /// Connects a peer; call it before ``run()``.
    ///
    /// - Throws: An error if the connection fails.
    func add(_ peer: any BenchPeer, at address: ServerAddress) throws {
        let connection = Connection(try BenchSocket.connect(to: address), peer)
        invd_poll_add(self.poll, connection.descriptor, UInt32(self.connections.count))
        self.connections.append(connection)
        peer.connected(&connection.out)
        self.flush(self.connections.count - 1)
    }

    func stop() { self.isStopping.store(true, ordering: .relaxed) }

    /// Serves the sockets until it is stopped.
    func run() {
        var events = [invd_poll_event](repeating: invd_poll_event(), count: 256)
        var next = self.serveDue()
        while !self.isStopping.load(ordering: .relaxed) {
            let capacity = Int32(events.count)
            let count = invd_poll_wait(self.poll, &events, capacity, Self.timeout(until: next))
            for event in events.prefix(max(0, Int(count))) {
                if event.writable != 0 { self.flush(Int(event.number)) }
                if event.readable != 0 { self.read(Int(event.number)) }
            }
            if next != nil { next = self.serveDue() }
        }
    }

    /// Returns the nanoseconds until something is due, at most those after which to check for a stop.
    private static func timeout(until next: UInt64?) -> Int {
        let longest = 50_000_000
        guard let next else { return longest }
        return max(0, min(Int(clamping: next) - Int(clamping: benchNanoseconds()), longest))
    }

    /// Lets every peer send what is due.
    ///
    /// - Returns: When the next request is due.
    private func serveDue() -> UInt64? {
        let now = benchNanoseconds()
        var next: UInt64?
        for index in self.connections.indices {
            let connection = self.connections[index]
            guard let due = connection.peer.due(now, &connection.out) else { continue }
            next = min(next ?? due, due)
            self.flush(index)
        }
        return next
    }

    private func read(_ index: Int) {
        let connection = self.connections[index]
        let partial = connection.partial.count
        if partial >= self.buffer.count / 2 { self.growBuffer() }
        connection.partial.withUnsafeBytes { self.buffer.copyMemory(from: $0) }
        guard let base = self.buffer.baseAddress else { return }
        let count = Glibc.read(connection.descriptor, base + partial, self.buffer.count - partial)
        if count <= 0 {
            if count < 0, errno == EAGAIN || errno == EINTR { return }
            self.cutOff.add(1, ordering: .relaxed)
            invd_poll_remove(self.poll, connection.descriptor)
            return
        }
        let bytes = UnsafeRawBufferPointer(rebasing: self.buffer[0..<(partial + count)])
        let consumed = connection.peer.received(bytes, &connection.out)
        connection.partial.removeAll(keepingCapacity: true)
        if consumed < bytes.count { connection.partial.append(contentsOf: bytes[consumed...]) }
        self.flush(index)
    }

    private func growBuffer() {
        let larger = UnsafeMutableRawBufferPointer.allocate(
            byteCount: self.buffer.count * 4,
            alignment: 64
        )
        self.buffer.deallocate()
        self.buffer = larger
    }

    /// Sends what the socket accepts, and polls for when it accepts the rest.
    private func flush(_ index: Int) {
        let connection = self.connections[index]
        guard connection.sent < connection.out.count else { return }
        let count = connection.out.withBytes { bytes in
            let rest = bytes[connection.sent...]
            return send(
                connection.descriptor,
                UnsafeRawBufferPointer(rebasing: rest).baseAddress,
                rest.count,
                Int32(MSG_NOSIGNAL)
            )
        }
        if count > 0 { connection.sent += count }
        let isDone = connection.sent == connection.out.count
        if isDone {
            connection.out.removeAll()
            connection.sent = 0
        }
        guard connection.waitsToWrite == isDone else { return }
        connection.waitsToWrite = !isDone
        invd_poll_change(self.poll, connection.descriptor, UInt32(index), isDone ? 0 : 1)
    }
}

/// Returns the nanoseconds of the monotonic clock.
func benchNanoseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
