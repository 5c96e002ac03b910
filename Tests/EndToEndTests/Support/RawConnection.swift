import Bytes
import Glibc
import InventoryClient
import InventoryWire
import Testing

/// A plain socket to a daemon, as a program without our library uses it.
///
/// `@unchecked Sendable`: one task at a time uses it.
final class RawConnection: @unchecked Sendable {
    private let descriptor: Int32
    /// Received bytes that are not decoded yet.
    private var received: [UInt8] = []

    /// Connects; a read that waits longer than `timeoutSeconds` counts as the end of the connection.
    init(_ daemon: Daemon, timeoutSeconds: Int = 15) throws {
        guard case .tcp(_, let port) = daemon.address else { throw Unexpected() }
        self.descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(connected == 0, "\(daemon.address) does not accept a connection")
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(
                self.descriptor,
                SOL_SOCKET,
                option,
                &limit,
                socklen_t(MemoryLayout<timeval>.size)
            )
        }
        var one: Int32 = 1
        setsockopt(
            self.descriptor,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &one,
            socklen_t(MemoryLayout<Int32>.size)
        )
    }

    deinit { close(self.descriptor) }

    /// - Returns: Whether all of it was written.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(self.descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends as many bytes as the socket accepts without blocking.
    ///
    /// - Returns: The number of bytes; 0 also if the server has closed.
    func offer(_ bytes: ArraySlice<UInt8>) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return max(
            0,
            bytes.withUnsafeBytes { Glibc.send(self.descriptor, $0.baseAddress, $0.count, flags) }
        )
    }

    func sendFrame(_ opcode: UInt8, _ body: [UInt8], id: UInt64 = 7, version: UInt8 = 1) {
        self.send(Self.frame(opcode, body, id: id, version: version))
    }

    /// Returns a frame built byte by byte.
    static func frame(
        _ opcode: UInt8,
        _ body: [UInt8],
        id: UInt64 = 7,
        version: UInt8 = 1,
        length: UInt32? = nil
    ) -> [UInt8] {
        func bytes<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { [UInt8]($0) }
        }
        var frame = bytes(length ?? UInt32(body.count)) + [version, opcode, 0, 0] + bytes(id)
        frame += bytes(body.withUnsafeBytes { CRC32C.checksum($0) })
        frame += bytes(frame.withUnsafeBytes { CRC32C.checksum($0) })
        return frame + body
    }

    static var hello: [UInt8] {
        var writer = ByteWriter()
        Hello(actor: "raw", software: "raw").encode(into: &writer)
        return self.frame(1, writer.array())
    }

    /// Waits for more bytes.
    ///
    /// - Returns: Whether any arrived before the server closed or the timeout.
    private func receive() -> Bool {
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(self.descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return false }
        self.received += chunk[0..<count]
        return true
    }

    /// A decoded frame; `message` is `nil` if it is not a ``ServerMessage``.
    struct Received {
        var opcode: UInt8
        var requestID: UInt64
        var message: ServerMessage?
    }

    /// Returns the received messages, and waits for at least one; none if the connection has ended.
    func next() -> [Received] {
        while true {
            var messages: [Received] = []
            var isBroken = false
            let consumed = self.received.withUnsafeBytes { bytes in
                var frames = FrameReader(bytes, limit: WireLimits.replyByteCountMax)
                do {
                    while let frame = try frames.next() {
                        messages.append(
                            Received(
                                opcode: frame.opcode,
                                requestID: frame.requestID,
                                message: try? ServerMessage(frame)
                            )
                        )
                    }
                } catch {
                    let head = Array(bytes[frames.consumed...].prefix(FrameHeader.byteCount))
                    Issue.record("no frame: \(error), of \(bytes.count) bytes \(head)")
                    isBroken = true
                }
                return frames.consumed
            }
            self.received.removeFirst(consumed)
            if !messages.isEmpty || isBroken { return messages }
            guard self.receive() else { return [] }
        }
    }

    /// Returns all bytes until the server closes.
    func readAll() -> [UInt8] {
        while self.receive() {}
        defer { self.received = [] }
        return self.received
    }

    /// Waits for the first bytes and reads them.
    ///
    /// - Returns: The number of bytes; 0 if the server closed or none arrived in time.
    func readSome() -> Int {
        _ = self.receive()
        defer { self.received = [] }
        return self.received.count
    }

    /// Returns the messages until the server closes, each with its request id, without the answer to the
    /// hello.
    func answers() -> [(id: UInt64, message: ServerMessage)] {
        var all: [(id: UInt64, message: ServerMessage)] = []
        while case let messages = self.next(), !messages.isEmpty {
            all += messages.compactMap { received in
                received.message.map { (received.requestID, $0) }
            }
        }
        return all
    }

    func messages() -> [ServerMessage] { self.answers().map { $0.message } }

    /// Closes the sending side.
    func finish() { shutdown(self.descriptor, Int32(SHUT_WR)) }
}
