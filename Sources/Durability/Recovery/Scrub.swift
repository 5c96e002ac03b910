/// Reads every sealed file once, in small steps, and restores damaged pages from parity.
///
/// Damage to unread data goes unnoticed, and a second damaged page in a stripe cannot be restored. All
/// data is therefore read regularly, while it can still be repaired.
///
/// It belongs to the thread that retires files: a file may be removed between two steps, but not within
/// one.
public struct Scrub: Sendable {
    /// The results of a scrub so far.
    public struct Findings: Equatable, Sendable {
        /// The number of files read completely.
        public var files = 0
        /// The number of pages read.
        public var pages = 0
        /// Damaged pages that were restored.
        public var healed: [Protection.HealedPage] = []
        /// Damaged pages that cannot be restored, by path and offset.
        public var lost: [Protection.HealedPage] = []
        /// The number of missing or damaged parity files that were recreated.
        public var parityRewritten = 0

        /// Creates the results of a scrub that has read nothing yet.
        public init() {}
    }

    private let protection: Protection
    private var names: ArraySlice<String>
    private var current: (name: String, parity: Parity, page: Int)?
    /// The results so far.
    public private(set) var findings = Findings()

    /// Prepares to read the files that are sealed now.
    public init(_ protection: Protection) throws(DurabilityError) {
        self.protection = protection
        self.names = Protection.sealed(try protection.storage.list())[...]
    }

    /// Reads the next pages.
    ///
    /// - Parameter pageCount: The maximum number of pages.
    /// - Returns: Whether there are more.
    /// - Throws: ``DurabilityError`` if the storage fails, other than by an unreadable page.
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

    /// Returns the next file and its next page.
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
