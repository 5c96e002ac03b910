internal import Bytes

// The descriptions of the runs of imports: the row, the command and the query.

extension ImportKind: FieldChoice {
    /// Its name in PROTOCOL.md.
    @inlinable public static var title: String { "import kind" }
}

extension FieldVisitor where Self: ~Copyable {
    /// Visits what identifies a run.
    fileprivate mutating func identity(
        name: inout String,
        kind: inout ImportKind,
        content: inout String,
        layout: inout String
    ) throws(Failure) {
        try self.text(.named("run", in: FieldBounds.key), &name)
        try self.choice(.named("kind"), &kind)
        let hash = FieldBounds.importHash
        try self.text(.named("content", in: hash, default: ""), &content)
        try self.text(.named("layout", in: hash, default: ""), &layout)
    }

    fileprivate mutating func counts(_ value: inout ImportCounts) throws(Failure) {
        let rows = FieldBounds.importRows
        try self.integer(.named("accepted", in: rows, default: 0), &value.accepted)
        try self.integer(.named("refused", in: rows, default: 0), &value.refused)
        try self.integer(.named("passed", in: rows, default: 0), &value.passed)
    }
}

extension ImportRun: DescribedChange {
    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.integer(.named("number"), &self.number)
        try v.identity(
            name: &self.name,
            kind: &self.kind,
            content: &self.content,
            layout: &self.layout
        )
        var (high, low) = (self.session.high, self.session.low)
        try v.integer(.named("sessionHigh"), &high)
        try v.integer(.named("sessionLow"), &low)
        self.session = SessionID(high: high, low: low)
        try v.instant(.named("begunAt"), &self.begunAt)
        try v.flag(.named("finished"), &self.isFinished)
        try v.instant(.named("endedAt"), &self.endedAt)
        try v.integer(.named("requests"), &self.requests)
        try v.integer(.named("refusedCommands"), &self.refusedCommands)
        try v.counts(&self.counts)
        try v.lsn(.named("revision"), &self.revision)
    }
}

extension RecordImportRun: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(run: "", session: "") }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.identity(
            name: &self.run,
            kind: &self.kind,
            content: &self.content,
            layout: &self.layout
        )
        let digits = SessionID.hexadecimalCount
        try v.text(.named("session", in: digits...digits), &self.session)
        try v.flag(.named("finished", default: false), &self.isFinished)
        try v.counts(&self.counts)
    }
}

extension DescribeImportRun: DescribedCommand {
    /// Creates an empty command, which a visitor fills.
    public init() { self.init(run: "") }

    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: CommandVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.text(.named("run", in: FieldBounds.key), &self.run)
        try v.text(.named("file", in: FieldBounds.importFile, default: ""), &self.file)
        let rows = FieldBounds.importRows
        try v.integer(.named("alreadyThere", in: rows, default: 0), &self.alreadyThere)
    }
}

extension ImportPart: DescribedChange {
    package mutating func visit<V: ChangeVisitor & ~Copyable>(
        _ v: inout V,
        _ strings: inout EntryStrings
    ) throws(V.Failure) {
        try v.integer(.named("number"), &self.number)
        try v.text(.named("file"), &self.file)
        try v.lsn(.named("first"), &self.first)
        try v.integer(.named("booked"), &self.booked)
        try v.integer(.named("alreadyThere"), &self.alreadyThere)
        try v.integer(.named("refused"), &self.refused)
        try v.integer(.named("withoutCost"), &self.withoutCost)
    }
}

extension ImportStepQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.term("run", &self.run)
        try v.limit(&self.limit)
    }
}

extension ImportRunQuery: DescribedQuery {
    /// Visits the fields in the order of their encoding.
    public mutating func visit<V: QueryVisitor & ~Copyable>(_ v: inout V) throws(V.Failure) {
        try v.term("run", &self.run)
        try v.term("content", &self.content)
        try v.flag(.named("newestFirst"), &self.isNewestFirst)
        try v.limit(&self.limit)
    }
}
