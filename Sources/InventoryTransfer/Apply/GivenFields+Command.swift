internal import Bytes
internal import InventoryModel

/// Fields that only commands have.
extension GivenFields: CommandVisitor {
    func revision(_ value: inout LSN?) throws(Failure) { value = try self.fields.revision() }

    func occurrence(_ value: inout Occurrence?) throws(Failure) {
        value = try self.fields.occurrence()
    }

    func expiry(_ value: inout Expiry) throws(Failure) { value = try self.fields.expiry() }

    func optionalInstant(_ field: Field<Instant>, _ value: inout Instant?) throws(Failure) {
        value = try self.fields.optionalInstant(field.name)
    }

    func optionalDay(_ name: String, _ value: inout CalendarDay?) throws(Failure) {
        value = try self.fields.optionalDay(name)
    }

    func optionalLSN(_ field: Field<LSN>, _ value: inout LSN?) throws(Failure) {
        let number = try self.fields.optionalInteger(field.name, in: field.bounds)
        value = number.map { LSN(UInt64($0)) }
    }

    func optionalMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure) {
        value = try self.fields.optionalMoney(field.name)
    }

    func part<Part: DescribedCommand>(_ name: String, _ value: inout Part?) throws(Failure) {
        let decimals = self.decimals
        value = try self.fields.object(name) { (fields) throws(CommandProblem) in
            try fields.read(Part.self, decimals: decimals)
        }
    }

    func lines<Line: DescribedCommand>(_ list: LineList, _ value: inout [Line]) throws(Failure) {
        value = try self.fields.lines { (fields) throws(CommandProblem) in
            try fields.read(Line.self, without: list.unused)
        }
    }

    /// JSON has no mask: an omitted field is absent.
    func mask(_ given: inout OptionalFields) { given.insertAll() }

    func maskedQuantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity?) throws(Failure) {
        value = try self.used(field.name) { (name) throws(CommandProblem) in
            try self.fields.optionalQuantity(name, self.decimals)
        }
    }

    func maskedMoney(_ field: Field<Money>, _ value: inout Money?) throws(Failure) {
        value = try self.used(field.name) { (name) throws(CommandProblem) in
            try self.fields.optionalMoney(name)
        }
    }

    func maskedRevision(_ value: inout LSN?) throws(Failure) { try self.revision(&value) }
}

extension CommandFields {
    /// Reads the command, or the part of a command, that has these fields.
    ///
    /// - Parameters:
    ///   - type: The type to read.
    ///   - decimals: The decimals of quantities until a product or a unit sets other ones.
    ///   - unused: Fields that are not read, so that they are refused if given.
    /// - Returns: The command.
    /// - Throws: ``CommandProblem`` naming the invalid field.
    func read<Command: DescribedCommand>(
        _ type: Command.Type,
        decimals: UInt8 = 0,
        without unused: [String] = []
    ) throws(CommandProblem) -> Command {
        var command = Command()
        var reader = GivenFields(self, decimals: decimals, without: unused)
        try command.visit(&reader)
        return command
    }
}
