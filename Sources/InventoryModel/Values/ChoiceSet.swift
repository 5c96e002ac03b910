/// A set of cases of an enumeration: bit (raw value − 1) for each.
public struct ChoiceSet<Choice: FieldChoice>: OptionSet, Hashable, Sendable {
    /// The set's bits, as they are encoded.
    public let rawValue: UInt8

    /// Creates a set from its bits; bits without a case are kept.
    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Creates the set of one case.
    @inlinable
    public init(_ choice: Choice) { self.rawValue = 1 << (choice.rawValue - 1) }

    /// Every case of the enumeration.
    public static var all: Self { Self(Choice.allCases.map { Self($0) }) }

    /// The cases in the set, by ascending raw value.
    package var choices: [Choice] { Choice.allCases.filter { self.contains(Self($0)) } }
}

/// The product statuses that a query selects.
public typealias ProductStatusSet = ChoiceSet<ProductStatus>

extension ChoiceSet<ProductStatus> {
    /// Products for sale.
    public static var active: Self { Self(.active) }
    /// Products that are listed but not for sale.
    public static var inactive: Self { Self(.inactive) }
    /// Products that were deleted and still have history.
    public static var archived: Self { Self(.archived) }
    /// Every product that is not archived: active and inactive.
    public static var listed: Self { [.active, .inactive] }
}

/// The reservation states that a query selects; empty for all.
public typealias ReservationStateSet = ChoiceSet<ReservationState>

extension ChoiceSet<ReservationState> {
    /// Reservations that still hold stock.
    public static var active: Self { Self(.active) }
}

/// The transfer states that a query selects; empty for all.
public typealias TransferStateSet = ChoiceSet<TransferState>

extension ChoiceSet<TransferState> {
    /// Transfers of which some goods are on their way.
    public static var inTransit: Self { Self(.inTransit) }
}
