internal import InventoryModel

/// Reads described fields from the members of a command.
///
///     text, number, flag, time    the member with the field's name
///     enumeration, id             the value's name, the name or id of the object
///     quantity                    with the decimals of the unit that precedes it
///     unit                        unit and unitDecimals; either may be omitted
///     price                       price and priceBasis, which defaults to one unit
struct GivenFields: FieldVisitor {
    typealias Failure = CommandProblem

    let fields: CommandFields
    /// Fields that the command does not use.
    private let unused: [String]
    /// The product that the command names, which supplies what an update omits.
    private var product: CommandNames.Product?
    /// Whether omitted fields get their defaults; in an update they keep their values.
    private var isWhole = true
    /// The decimals of quantities.
    private(set) var decimals: UInt8
    /// Whether the field that was read last was given.
    private var wasGiven = false

    /// Creates a reader; the decimals are those of quantities until a product or unit sets other ones.
    init(_ fields: CommandFields, decimals: UInt8 = 0, without unused: [String] = []) {
        self.fields = fields
        self.decimals = decimals
        self.unused = unused
    }

    /// Returns the result of `read` for a member; `nil` if the command does not use it.
    func used<Value>(
        _ name: String,
        _ read: (String) throws(CommandProblem) -> Value?
    ) throws(CommandProblem) -> Value? { self.unused.contains(name) ? nil : try read(name) }

    /// Assigns the written value, or the default.
    private mutating func assign<Value>(
        _ name: String,
        value: inout Value,
        written: Value?,
        standard: Value?
    ) throws(CommandProblem) {
        self.wasGiven = written != nil
        if let written {
            value = written
        } else if self.isWhole {
            value = try self.fields.required(name, standard)
        }
    }

    private mutating func assign<Value>(
        _ field: Field<Value>,
        value: inout Value,
        written: Value?
    ) throws(CommandProblem) {
        try self.assign(field.name, value: &value, written: written, standard: field.standard)
    }

    mutating func text(_ field: Field<String>, _ value: inout String) throws(Failure) {
        try self.assign(field, value: &value, written: try self.fields.optionalText(field.name))
    }

    mutating func flag(_ field: Field<Bool>, _ value: inout Bool) throws(Failure) {
        try self.assign(field, value: &value, written: try self.fields.optionalFlag(field.name))
    }

    mutating func integer<Value: FixedWidthInteger>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) {
        let number = try self.fields.optionalInteger(field.name, in: field.bounds)
        try self.assign(field, value: &value, written: number.map { Value(clamping: $0) })
    }

    mutating func quantity(_ field: Field<DefaultQuantity>, _ value: inout Quantity) throws(Failure)
    {
        let quantity = try self.fields.optionalQuantity(field.name, self.decimals)
        let unit = Unit(code: "", decimals: self.decimals)
        try self.assign(
            field.name,
            value: &value,
            written: quantity,
            standard: field.standard?.quantity(in: unit)
        )
    }

    mutating func money(_ field: Field<Money>, _ value: inout Money) throws(Failure) {
        try self.assign(field, value: &value, written: try self.fields.optionalMoney(field.name))
    }

    mutating func price(_ field: Field<Price>, _ value: inout Price) throws(Failure) {
        let amount = try self.fields.optionalMoney(field.name)
        let basis = try self.fields.optionalQuantity(field.name + "Basis", self.decimals)
        if amount == nil, basis != nil, !self.isWhole {
            throw self.fields.problem(field.name + "Basis", "needs a \(field.name) with it")
        }
        let one = Unit(code: "", decimals: self.decimals).baseUnits
        let defaultBasis = self.isWhole ? one : self.product?.priceBasis ?? one
        try self.assign(
            field,
            value: &value,
            written: amount.map { Price($0.minorUnits, per: basis?.baseUnits ?? defaultBasis) }
        )
    }

    mutating func unit(_ field: Field<Unit>, _ value: inout Unit) throws(Failure) {
        let code = try self.fields.optionalText(field.name)
        let bounds = FieldBounds.unitDecimals
        let decimals = try self.fields.optionalInteger(field.name + "Decimals", in: bounds)
        self.wasGiven = code != nil || decimals != nil
        if let product, !self.isWhole {
            value = Unit(code: product.unit, decimals: product.decimals)
        } else if let standard = field.standard {
            value = standard
        }
        value = Unit(
            code: code ?? value.code,
            decimals: decimals.map { UInt8($0) } ?? value.decimals
        )
        self.decimals = value.decimals
    }

    mutating func choice<Value: FieldChoice>(
        _ field: Field<Value>,
        _ value: inout Value
    ) throws(Failure) {
        try self.assign(
            field,
            value: &value,
            written: try self.fields.optionalNamed(field.name, Value.self)
        )
    }

    mutating func id<ID: EntityID>(_ field: Field<ID>, _ value: inout ID) throws(Failure) {
        try self.assign(field, value: &value, written: try self.named(field.name, ID.self) as? ID)
    }

    /// Returns the id of the object that a member names, and sets the decimals of quantities from it.
    private mutating func named<ID: EntityID>(
        _ name: String,
        _ type: ID.Type
    ) throws(Failure) -> (any EntityID)? {
        switch type {
        case is CategoryID.Type: return try self.fields.optionalCategory()
        case is LocationID.Type: return try self.fields.optionalLocation(name)
        case is ProductID.Type:
            let product = try self.fields.product()
            (self.product, self.decimals) = (product, product.decimals)
            return product.id
        case is ReservationID.Type:
            let (number, decimals) = try self.fields.openItem(.reservation)
            self.decimals = decimals
            return ReservationID(number)
        case is TransferID.Type:
            let (number, decimals) = try self.fields.openItem(.transfer)
            self.decimals = decimals
            return TransferID(number)
        default: preconditionFailure("no command refers to a \(ID.title)")
        }
    }

    mutating func instant(_ field: Field<Instant>, _ value: inout Instant) throws(Failure) {
        try self.assign(field, value: &value, written: try self.fields.optionalInstant(field.name))
    }

    /// Reads the given fields of an entity.
    mutating func update<Entity: Described>(_ value: inout FieldUpdate<Entity>) throws(Failure) {
        var values = Entity()
        var given = FieldSet<Entity.FieldID>()
        self.isWhole = false
        for field in Entity.FieldID.allCases {
            try values.visit(&self, only: FieldSet(field))
            if self.wasGiven { given.insert(field) }
        }
        self.isWhole = true
        value = FieldUpdate(given, of: values)
    }
}
