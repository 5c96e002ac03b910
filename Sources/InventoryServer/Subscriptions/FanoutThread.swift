internal import CPosix
internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// The thread of the fan-out, which writes to the sockets of subscribers itself.
///
///     mailbox ──▶ ┌ posted work                     the engine's loop never writes to a subscriber's
///     epoll   ──▶ │ writable sockets                socket, and reads from all of them
///                 └ a turn ──▶ sendmsg of shared pieces
///
/// Each socket is a duplicate of its connection's descriptor: the loop may close its own at any time.
final class FanoutThread: FanoutHost {
    private struct Mailbox {
        var work: [@Sendable (Fanout) -> Void] = []
        var isAsleep = false
        var isResting = false
        var isStopping = false
    }

    private let mailbox = Mutex(Mailbox())
    private let pool = NIOThreadPool(numberOfThreads: 1)
    private let poll = invd_poll_create()
    private let bell = invd_bell_create()
    private static let bellNumber: UInt32 = .max

    init() {
        precondition(self.poll >= 0 && self.bell >= 0, "no epoll, no eventfd: errno \(errno)")
        invd_poll_add(self.poll, self.bell, Self.bellNumber)
    }

    deinit {
        Glibc.close(self.bell)
        Glibc.close(self.poll)
    }

    func begin(_ fanout: Fanout) {
        self.pool.start()
        self.pool.submit { state in
            if case .active = state { self.run(fanout) }
        }
    }

    func post(canRest: Bool, _ work: @escaping @Sendable (Fanout) -> Void) {
        let mustWake = self.mailbox.withLock { mailbox in
            mailbox.work.append(work)
            if canRest, mailbox.isResting { return false }
            defer { mailbox.isAsleep = false }
            return mailbox.isAsleep
        }
        if mustWake { invd_bell_ring(self.bell) }
    }

    /// Stops the thread after the work that was posted before.
    func end() throws {
        self.mailbox.withLock { $0.isStopping = true }
        invd_bell_ring(self.bell)
        try self.pool.syncShutdownGracefully()
    }

    func socket(of channel: any Channel, _ number: UInt32) -> (any FanoutSocket)? {
        let descriptor = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { invd_duplicate($0, Int32(FanoutLimits.sendBufferByteCount)) }
        guard let descriptor, descriptor >= 0 else { return nil }
        return DescriptorSocket(descriptor, number: number, poll: self.poll)
    }

    // MARK: - On the thread

    private func run(_ fanout: Fanout) {
        var events = [invd_poll_event](repeating: invd_poll_event(), count: 256)
        while true {
            let (work, isStopping) = self.takeMail()
            for work in work { work(fanout) }
            if isStopping, work.isEmpty { return }
            let next = fanout.turn()
            let patience = self.sleep(before: next, fanout.now)
            let count = invd_poll_wait(self.poll, &events, Int32(events.count), patience)
            for event in events.prefix(max(0, Int(count))) {
                if event.number == Self.bellNumber {
                    invd_bell_hear(self.bell)
                } else {
                    fanout.becameWritable(event.number)
                }
            }
        }
    }

    private func takeMail() -> (work: [@Sendable (Fanout) -> Void], isStopping: Bool) {
        self.mailbox.withLock { mailbox in
            let work = mailbox.work
            mailbox.work = []
            mailbox.isAsleep = false
            mailbox.isResting = false
            return (work, mailbox.isStopping)
        }
    }

    /// The time to wait for sockets: zero if work was posted; otherwise later posts must wake the thread.
    private func sleep(before next: FanoutSchedule.Next, _ now: UInt64) -> Int {
        let patience = Self.patience(until: next, now)
        return self.mailbox.withLock { mailbox in
            guard mailbox.work.isEmpty, !mailbox.isStopping else { return 0 }
            mailbox.isAsleep = patience > 0
            mailbox.isResting = if case .rest = next { mailbox.isAsleep } else { false }
            return patience
        }
    }

    private static func patience(until next: FanoutSchedule.Next, _ now: UInt64) -> Int {
        switch next {
        case .now: 0
        case .at(let time), .rest(let time): Int(clamping: time - min(now, time))
        }
    }
}

/// A duplicate of a connection's descriptor, for writing.
private final class DescriptorSocket: FanoutSocket {
    private let descriptor: Int32
    private let number: UInt32
    private let poll: Int32
    private let isWatched = Atomic(false)
    private let isClosed = Atomic(false)

    /// Buffers of one system call.
    private static let partsMax = 16

    init(_ descriptor: Int32, number: UInt32, poll: Int32) {
        self.descriptor = descriptor
        self.number = number
        self.poll = poll
    }

    deinit { if !self.isClosed.load(ordering: .relaxed) { Glibc.close(self.descriptor) } }

    func close() {
        if self.isClosed.exchange(true, ordering: .relaxed) { return }
        // Closing removes it from the epoll set only with its last duplicate.
        if self.isWatched.load(ordering: .relaxed) {
            invd_poll_remove(self.poll, self.descriptor)
        }
        Glibc.close(self.descriptor)
    }

    func write(_ queue: inout FanoutQueue) -> FanoutWrite {
        while !queue.isEmpty {
            let offered = queue.first(Self.partsMax)
            let written = Self.send(self.descriptor, offered)
            if written < 0 {
                if errno == EINTR { continue }
                guard errno == EAGAIN || errno == EWOULDBLOCK else { return .gone }
                return self.watch()
            }
            let byteCount = offered.reduce(0) { $0 + $1.readableBytes }
            queue.remove(written)
            if written < byteCount { return self.watch() }
        }
        return .done
    }

    /// Waits for the socket to become writable, once.
    private func watch() -> FanoutWrite {
        let isNew = !self.isWatched.exchange(true, ordering: .relaxed)
        let result = invd_poll_await_writable(
            self.poll,
            self.descriptor,
            self.number,
            isNew ? 1 : 0
        )
        return result == 0 ? .blocked : .gone
    }

    private static func send(_ descriptor: Int32, _ buffers: [ByteBuffer]) -> Int {
        var parts: [invd_part] = []
        parts.reserveCapacity(buffers.count)
        for buffer in buffers {
            // The caller holds the buffers during the call, and no thread modifies them.
            buffer.withUnsafeReadableBytes { bytes in
                parts.append(invd_part(bytes: bytes.baseAddress, count: UInt(bytes.count)))
            }
        }
        return withExtendedLifetime(buffers) {
            invd_send_parts(descriptor, parts, Int32(parts.count))
        }
    }
}
