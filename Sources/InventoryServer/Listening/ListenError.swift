internal import Glibc
internal import NIOCore

/// An address on which the server cannot listen, with a hint for the user.
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

    /// In the form that clients use: `127.0.0.1:7411`, `unix:/run/invd.sock`.
    let address: String
    let problem: Problem

    /// The longest path of a Unix socket in bytes: the kernel's limit without the terminating zero.
    static let pathByteCountMax = 107

    private var option: String {
        self.address.hasPrefix("unix:") ? "--unix-socket" : "--listen"
    }

    /// The problem and a hint how to solve it, as one sentence for the user.
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

    /// Converts the error of an attempt to listen on `address`.
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
