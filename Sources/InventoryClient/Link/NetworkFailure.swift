internal import Glibc
internal import NIOCore
internal import NIOPosix

/// Describes an error of the network for people, without names of system calls or error numbers.
enum NetworkFailure {
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError where !error.connectionErrors.isEmpty:
            self.reason(error.connectionErrors[0].error)
        case is NIOConnectionError, is SocketAddressError.UnknownHost:
            "no host of that name is known"
        case SocketAddressError.unixDomainSocketPathTooLong:
            "the path is too long for a Unix socket"
        case let error as IOError:
            self.reason(error.errnoCode)
        case ChannelError.connectTimeout:
            "no answer in time"
        case ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed, ChannelError.eof,
            ChannelError.inputClosed, ChannelError.outputClosed:
            "the connection is closed"
        default:
            "the network failed"
        }
    }

    private static func reason(_ code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "nothing listens there"
        case ENOENT, ENOTDIR: "there is no such socket"
        case EACCES, EPERM: "permission denied"
        case ECONNRESET, EPIPE: "the server closed the connection"
        case ETIMEDOUT: "no answer in time"
        case EHOSTUNREACH, ENETUNREACH: "the network is unreachable"
        default: String(cString: strerror(code))
        }
    }
}
