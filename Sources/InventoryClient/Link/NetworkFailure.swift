internal import Glibc
internal import NIOCore
internal import NIOPosix

/// What an error of the network means, in a person's words: no call and no number.
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
            "the network failed (\(type(of: error)))"
        }
    }

    private static func reason(_ code: CInt) -> String {
        switch code {
        case ECONNREFUSED: "nobody listens there"
        case ENOENT, ENOTDIR: "there is no such socket"
        case EACCES, EPERM: "this user is not allowed to"
        case ECONNRESET, EPIPE: "the other side has closed the connection"
        case ETIMEDOUT: "no answer in time"
        case EHOSTUNREACH, ENETUNREACH: "there is no way to that network"
        default: String(cString: strerror(code))
        }
    }
}
