internal import Glibc
internal import NIOCore

/// An address cannot be listened on: said to the person who chose it.
public struct ListenError: Error, Equatable, Sendable, CustomStringConvertible {
    enum Problem: Equatable {
        case inUse
        case notOfThisMachine
        case notAllowed
        case unknownHost
        case notASocket
        case noDirectory
        case tooLong(byteCount: Int)
        case other(String)
    }

    /// As clients name it: `127.0.0.1:7411`, `unix:/run/invd.sock`.
    let address: String
    let problem: Problem

    /// Bytes of the path of a Unix socket: what the kernel has space for, but for the zero at its end.
    static let pathByteCountMax = 107

    private var option: String {
        self.address.hasPrefix("unix:") ? "--unix-socket" : "--listen"
    }

    public var description: String {
        switch self.problem {
        case .inUse:
            "\(self.address) is in use by another program; stop that one, or choose another "
                + "address with \(self.option)"
        case .notOfThisMachine:
            "\(self.address) is not an address of this machine; choose another with \(self.option)"
        case .notAllowed:
            "\(self.address): this user is not allowed to listen there; choose another address "
                + "with \(self.option)"
        case .unknownHost:
            "\(self.address): no host of that name is known; choose another with \(self.option)"
        case .notASocket:
            "\(self.address) is a file that is not a socket; choose another path with "
                + self.option
        case .noDirectory:
            "\(self.address): its directory does not exist; create it, or choose another path with "
                + self.option
        case .tooLong(let byteCount):
            "\(self.address): the path has \(byteCount) bytes, a Unix socket's at most "
                + "\(Self.pathByteCountMax); choose a shorter one with \(self.option)"
        case .other(let reason):
            "cannot listen on \(self.address): \(reason)"
        }
    }

    init(_ address: String, _ problem: Problem) {
        self.address = address
        self.problem = problem
    }

    /// What the attempt to listen on `address` failed with.
    init(_ address: String, _ error: any Error) {
        self.address = address
        self.problem =
            switch error {
            case let error as IOError: Self.problem(error.errnoCode)
            case is SocketAddressError.UnknownHost: .unknownHost
            default: .other("the network refused it (\(type(of: error)))")
            }
    }

    static func problem(_ code: CInt) -> Problem {
        switch code {
        case EADDRINUSE: .inUse
        case EADDRNOTAVAIL: .notOfThisMachine
        case EACCES, EPERM: .notAllowed
        case ENOENT, ENOTDIR: .noDirectory
        default: .other(String(cString: strerror(code)))
        }
    }
}
