public import Bytes
public import InventoryModel

/// The first frame of every connection, from the client.
public struct Hello: Hashable, Sendable {
    /// The protocol versions the client speaks.
    public var versionMin: UInt16
    public var versionMax: UInt16
    /// Features the client would use, a bit each; none is defined yet, unknown ones are ignored.
    public var features: UInt64
    /// Who acts through this connection, as the ledger will say.
    public var actor: String
    /// The client's name and version, for log lines.
    public var software: String
    /// Proof of who asks; empty as long as servers ask for none.
    public var token: [UInt8]

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

    public func encode(into writer: inout ByteWriter) {
        writer.write(self.versionMin)
        writer.write(self.versionMax)
        writer.write(self.features)
        writer.writeText(self.actor)
        writer.writeText(self.software)
        writer.writeVarint(UInt64(self.token.count))
        writer.write(bytes: self.token)
    }

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

public enum ProtocolVersion {
    /// The one version there is.
    public static let newest: UInt16 = 1
}

/// The server's answer: what was agreed, and what the client must know to talk to it.
public struct HelloAccepted: Hashable, Sendable {
    public var version: UInt16
    /// The features of the hello that this server has too.
    public var features: UInt64
    public var databaseHigh: UInt64
    public var databaseLow: UInt64
    public var currencyCode: String
    public var currencyDecimals: UInt8
    /// Every step up to this one is durable.
    public var durable: LSN
    public var serverTime: Instant
    public var software: String
    /// Bytes of a request's body, and of a reply's or an event's, at most.
    public var requestByteCountMax: UInt32
    public var replyByteCountMax: UInt32
    public var inFlightMax: UInt32
    public var batchMax: UInt32
    public var linesMax: UInt32
    public var sessionWindow: UInt32

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
