/// Reads every sealed file once, a little at a time, and heals what it can.
///
/// Damage that nobody reads spreads unnoticed: a second damaged page of one stripe is beyond
/// repair. So all of it is read regularly, while it can still be mended.
///
/// Of the thread that gives files back: between two steps a file may go, within one it may not.
public struct Scrub: Sendable {
    /// What a scrub has come upon so far.
    public struct Findings: Equatable, Sendable {
        public var files = 0
        public var pages = 0
        public var healed: [Protection.HealedPage] = []
        /// Pages that are beyond repair, by path and offset.
        public var lost: [Protection.HealedPage] = []
        /// Parity files that were missing or damaged, and were written again.
        public var parityRewritten = 0

        public init() {}
    }

    private let protection: Protection
    private var names: ArraySlice<String>
    private var current: (name: String, parity: Parity, page: Int)?
    public private(set) var findings = Findings()

    public init(_ protection: Protection) throws(DurabilityError) {
        self.protection = protection
        self.names = Protection.sealed(try protection.storage.list())[...]
    }

    /// Reads the next pages.
    ///
    /// - Returns: Whether there are more.
    public mutating func step(pageCount: Int = 256) throws(DurabilityError) -> Bool {
        guard let (name, parity, first) = try self.take() else { return false }
        guard try self.protection.storage.list().contains(name) else { return true }
        let file = try self.protection.storage.open(name, create: false, direct: false)
        let end = min(first + pageCount, parity.pageCount)
        for page in try parity.damagedPages(of: file, in: first..<end) {
            if let patch = try self.protection.patch(name, page: page, file: file, parity: parity) {
                self.findings.healed += try self.protection.heal([patch])
            } else {
                let offset = UInt64(page) * UInt64(StorageAlignment.byteCount)
                self.findings.lost.append(.init(path: file.path, offset: offset))
            }
        }
        self.findings.pages += end - first
        if end < parity.pageCount {
            self.current = (name, parity, end)
            return true
        }
        self.findings.files += 1
        if !parity.isWhole { try self.rewriteParity(of: name) }
        return !self.names.isEmpty
    }

    /// The file to go on with, and from which page.
    private mutating func take() throws(DurabilityError) -> (String, Parity, Int)? {
        if let current {
            self.current = nil
            return (current.name, current.parity, current.page)
        }
        while let name = self.names.popFirst() {
            guard try self.protection.storage.list().contains(name) else { continue }
            if let parity = try self.protection.parity(of: name) { return (name, parity, 0) }
            try self.rewriteParity(of: name)
        }
        return nil
    }

    private mutating func rewriteParity(of name: String) throws(DurabilityError) {
        try self.protection.protect(name)
        self.findings.parityRewritten += 1
    }
}
