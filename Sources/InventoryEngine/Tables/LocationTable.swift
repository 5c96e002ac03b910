internal import Bytes
package import ColumnStore
package import InventoryModel

/// The locations: one row each, found by id.
package struct LocationTable: Sendable {
    package private(set) var codes = TextColumn()
    package private(set) var names = TextColumn()
    package private(set) var zones = TextColumn()
    package private(set) var kinds = Column<UInt8>()
    package private(set) var archived = Column<UInt8>()
    package private(set) var revisions = Column<UInt64>()

    /// Without the reserved row, to be filled from a snapshot.
    init(blank: Void) {}

    init() {
        let none = LocationFields(code: "", name: "", zone: "")
        self.append(Location(id: LocationID(0), none, isArchived: true))
    }

    /// One past the largest id assigned; row 0 is reserved.
    package var rowCount: Int { self.archived.count }
    var nextID: LocationID { LocationID(UInt16(self.rowCount)) }

    @inline(__always)
    package func contains(_ id: LocationID) -> Bool { id.value > 0 && id.row < self.rowCount }

    @inline(__always)
    func isArchived(_ id: LocationID) -> Bool { self.archived[id.row] == 1 }

    /// Whether a location is archived; `nil` if it does not exist.
    @inline(__always)
    func archivedState(_ id: LocationID) -> Bool? {
        self.contains(id) ? self.isArchived(id) : nil
    }

    /// The location with that id, which must exist.
    package func location(_ id: LocationID) -> Location {
        guard let kind = LocationKind(rawValue: self.kinds[id.row]) else {
            preconditionFailure("location \(id.row) is of kind \(self.kinds[id.row])")
        }
        let fields = LocationFields(
            code: self.codes[id.row],
            name: self.names[id.row],
            zone: self.zones[id.row],
            kind: kind
        )
        return Location(
            id: id,
            fields,
            isArchived: self.isArchived(id),
            revision: LSN(self.revisions[id.row])
        )
    }

    mutating func put(_ location: Location) {
        let row = location.id.row
        guard row < self.rowCount else {
            precondition(row == self.rowCount, "location \(row) leaves a gap at \(self.rowCount)")
            self.append(location)
            return
        }
        self.codes[row] = location.code
        self.names[row] = location.name
        self.zones[row] = location.zone
        self.kinds[row] = location.kind.rawValue
        self.archived[row] = location.isArchived ? 1 : 0
        self.revisions[row] = location.revision.value
    }

    private mutating func append(_ location: Location) {
        self.codes.append(location.code)
        self.names.append(location.name)
        self.zones.append(location.zone)
        self.kinds.append(location.kind.rawValue)
        self.archived.append(location.isArchived ? 1 : 0)
        self.revisions.append(location.revision.value)
    }

    /// Visits every column with its number; see ``InventoryTables``.
    mutating func visit<Visitor: ImageVisitor>(
        _ visitor: inout Visitor
    ) throws(Visitor.Failure) {
        try self.codes.visitParts(200, &visitor)
        try self.names.visitParts(202, &visitor)
        try self.zones.visitParts(204, &visitor)
        try visitor.visit(206, &self.kinds)
        try visitor.visit(207, &self.archived)
        try visitor.visit(208, &self.revisions)
    }
}
