public import Bytes
public import InventoryModel

/// The first frame of every connection, from the client.
public struct Hello: Hashable, Sendable {
    /// The lowest protocol version that the client supports.
    public var versionMin: UInt16
    /// The highest protocol version that the client supports.
    public var versionMax: UInt16
    /// Requested features, a bit each; none is defined yet, and unknown ones are ignored.
    public var features: UInt64
    /// The principal of this connection, as the ledger records it; up to `InventoryModel/Limits/actorByteCountMax` bytes.
    public var actor: String
    /// The client's name and version, for log messages; up to ``WireLimits/softwareByteCountMax`` bytes.
    public var software: String
    /// The authentication token; empty if the server requires none.
    public var token: [UInt8]

    /// Creates a hello; by default of the newest version, without features and token.
    public init(
        versionMin: UInt16 = ProtocolVersion.newest,
        versionMax: UInt16 = ProtocolVersion.newest,
        features: UInt64 = 0,
        actor: String,
        software: String,
        token: [UInt8] = []
    ) {
        self.versionMin = versionMin
        self.versionMax = versionMax
        self.features = features
        self.actor = actor
        self.software = software
        self.token = token
    }

    /// Writes the body of its frame.
    public func encode(into writer: inout ByteWriter) {
        writer.write(self.versionMin)
        writer.write(self.versionMax)
        writer.write(self.features)
        writer.writeText(self.actor)
        writer.writeText(self.software)
        writer.writeVarint(UInt64(self.token.count))
        writer.write(bytes: self.token)
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            versionMin: try reader.readUInt16(),
            versionMax: try reader.readUInt16(),
            features: try reader.readUInt64(),
            actor: try reader.readText(limit: Limits.actorByteCountMax, "actor"),
            software: try reader.readText(limit: WireLimits.softwareByteCountMax, "software")
        )
        let count = try reader.readByteCount(limit: WireLimits.tokenByteCountMax, of: "token")
        self.token = [UInt8](try reader.readBytes(count))
    }
}

/// The versions of the protocol.
public enum ProtocolVersion {
    /// The only version.
    public static let newest: UInt16 = 1
}

/// The server's reply to the hello: what was negotiated, and what the client must know.
public struct HelloAccepted: Hashable, Sendable {
    /// The protocol version of the connection.
    public var version: UInt16
    /// The requested features that the server supports.
    public var features: UInt64
    /// The first 8 bytes of the database's id, random and permanent.
    public var databaseHigh: UInt64
    /// The last 8 bytes of the database's id.
    public var databaseLow: UInt64
    /// The ISO 4217 code of the database's currency.
    public var currencyCode: String
    /// The decimals of the currency's minor unit.
    public var currencyDecimals: UInt8
    /// The LSN up to which every step is durable.
    public var durable: LSN
    /// The server's clock.
    public var serverTime: Instant
    /// The server's name and version.
    public var software: String
    /// The largest body of a request, in bytes.
    public var requestByteCountMax: UInt32
    /// The largest body of a reply or an event, in bytes.
    public var replyByteCountMax: UInt32
    /// The largest number of unanswered requests.
    public var inFlightMax: UInt32
    /// The largest number of commands in a batch.
    public var batchMax: UInt32
    /// The largest number of lines in a command.
    public var linesMax: UInt32
    /// The number of outcomes remembered of each session.
    public var sessionWindow: UInt32

    /// Creates a reply; by default with the limits of this version.
    public init(
        version: UInt16,
        features: UInt64 = 0,
        databaseHigh: UInt64,
        databaseLow: UInt64,
        currencyCode: String,
        currencyDecimals: UInt8,
        durable: LSN,
        serverTime: Instant,
        software: String,
        requestByteCountMax: UInt32 = UInt32(WireLimits.requestByteCountMax),
        replyByteCountMax: UInt32 = UInt32(WireLimits.replyByteCountMax),
        inFlightMax: UInt32 = UInt32(WireLimits.inFlightMax),
        batchMax: UInt32 = UInt32(Limits.batchMax),
        linesMax: UInt32 = UInt32(Limits.linesMax),
        sessionWindow: UInt32 = UInt32(Limits.sessionWindow)
    ) {
        self.version = version
        self.features = features
        self.databaseHigh = databaseHigh
        self.databaseLow = databaseLow
        self.currencyCode = currencyCode
        self.currencyDecimals = currencyDecimals
        self.durable = durable
        self.serverTime = serverTime
        self.software = software
        self.requestByteCountMax = requestByteCountMax
        self.replyByteCountMax = replyByteCountMax
        self.inFlightMax = inFlightMax
        self.batchMax = batchMax
        self.linesMax = linesMax
        self.sessionWindow = sessionWindow
    }

    /// Writes the body of its frame.
    public func encode(into writer: inout ByteWriter) {
        writer.write(self.version)
        writer.write(self.features)
        writer.write(self.databaseHigh)
        writer.write(self.databaseLow)
        writer.writeText(self.currencyCode)
        writer.write(self.currencyDecimals)
        writer.write(self.durable)
        writer.write(self.serverTime.microseconds)
        writer.writeText(self.software)
        writer.write(self.requestByteCountMax)
        writer.write(self.replyByteCountMax)
        writer.write(self.inFlightMax)
        writer.write(self.batchMax)
        writer.write(self.linesMax)
        writer.write(self.sessionWindow)
    }

    /// Reads what ``encode(into:)`` wrote.
    public init(from reader: inout ByteReader) throws(ByteReaderError) {
        self.init(
            version: try reader.readUInt16(),
            features: try reader.readUInt64(),
            databaseHigh: try reader.readUInt64(),
            databaseLow: try reader.readUInt64(),
            currencyCode: try reader.readText(limit: 3),
            currencyDecimals: try reader.readUInt8(),
            durable: try reader.readLSN(),
            serverTime: Instant(microseconds: try reader.readInt64()),
            software: try reader.readText(limit: WireLimits.softwareByteCountMax),
            requestByteCountMax: try reader.readUInt32(),
            replyByteCountMax: try reader.readUInt32(),
            inFlightMax: try reader.readUInt32(),
            batchMax: try reader.readUInt32(),
            linesMax: try reader.readUInt32(),
            sessionWindow: try reader.readUInt32()
        )
    }
}
