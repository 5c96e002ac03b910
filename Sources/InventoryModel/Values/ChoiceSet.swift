/// Some cases of an enumeration: bit (value − 1) for each.
public struct ChoiceSet<Choice: FieldChoice>: OptionSet, Hashable, Sendable {
    public let rawValue: UInt8

    @inlinable
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    @inlinable
    public init(_ choice: Choice) { self.rawValue = 1 << (choice.rawValue - 1) }

    public static var all: Self { Self(Choice.allCases.map { Self($0) }) }

    /// Its cases, by their numbers.
    package var choices: [Choice] { Choice.allCases.filter { self.contains(Self($0)) } }
}

/// The statuses a search takes.
public typealias ProductStatusSet = ChoiceSet<ProductStatus>

extension ChoiceSet<ProductStatus> {
    public static var active: Self { Self(.active) }
    public static var inactive: Self { Self(.inactive) }
    public static var archived: Self { Self(.archived) }
    public static var listed: Self { [.active, .inactive] }
}

/// The states a query takes; empty for all.
public typealias ReservationStateSet = ChoiceSet<ReservationState>

extension ChoiceSet<ReservationState> {
    public static var active: Self { Self(.active) }
}

/// The states a query takes; empty for all.
public typealias TransferStateSet = ChoiceSet<TransferState>

extension ChoiceSet<TransferState> {
    public static var inTransit: Self { Self(.inTransit) }
}
