internal import Bytes
package import InventoryModel

extension Refusal {
    /// The level or product that a refusal is about: its names for people and its unit.
    package struct Place: Sendable {
        var sku: String
        /// The location's code; empty if the refusal is not about a location.
        var location = ""
        var decimals: UInt8
        var unit: String

        func quantity(_ value: Quantity) -> String {
            let number = DecimalText.format(value, decimals: self.decimals)
            return self.unit.isEmpty ? number : "\(number) \(self.unit)"
        }
    }

    /// The names of fields that are paths, for people.
    private static let words = [
        "opening.quantity": "the opening quantity", "opening.unitCost": "the opening cost",
    ]

    /// Formats a quantity with its unit, or in base units if the product is unknown.
    private static func quantity(_ value: Int64, _ place: Place?) -> String {
        place?.quantity(Quantity(value)) ?? "\(value) base units"
    }

    /// Returns one line for people: what went wrong, the numbers that decided it, and the subject.
    ///
    /// - Parameters:
    ///   - decimals: The decimals of the currency.
    ///   - currency: The currency's code.
    ///   - sku: The subject of the refusal; without it quantities are in base units.
    ///   - command: The refused command; a shortage without one reads as a sale's.
    /// - Returns: The line; empty if the refusal has no details.
    package func facts(
        decimals: UInt8,
        currency: String,
        sku: Place?,
        of command: Command? = nil
    ) -> String {
        let line = self.line.map { " (line \($0 + 1))" } ?? ""
        switch self.detail {
        case .none: return ""
        case .message(let text): return text + line
        case .field(let name, _) where self.code == .amountOverflow:
            let most = DecimalText.format(Limits.moneyMax, decimals: decimals)
            let unit = currency.isEmpty ? "" : " " + currency
            return "\(Self.words[name] ?? name) is beyond \(most)\(unit)" + line
        case .field(let name, let problem):
            return (problem.isEmpty ? name : "\(name) \(problem)") + line
        case .range(let name, let value, let lowest, let highest):
            let isInstant =
                self.code == .occurredAtOutOfWindow || lowest == Limits.instantMin
            let isQuantity = Self.quantityFields.contains(name)
            let words = [value, lowest, highest].map { number in
                if isInstant { return Self.instant(number) }
                if isQuantity { return Self.quantity(number, sku) }
                if Self.moneyFields.contains(name) {
                    return "\(DecimalText.format(number, decimals: decimals)) \(currency)"
                }
                return String(number)
            }
            let subject = isQuantity ? sku.map { "\($0.sku): " } ?? "" : ""
            let isNegative = value < 0 && lowest == 0 && Self.nonNegativeFields.contains(name)
            let name = Self.words[name] ?? name
            if isNegative {
                return "\(subject)\(name) is \(words[0]); it cannot be negative" + line
            }
            // The other limit is that of all quantities, and far away.
            if isQuantity && value < lowest {
                return "\(subject)\(name) is \(words[0]); it must be at least \(words[1])" + line
            }
            return "\(subject)\(name) is \(words[0]); it must be \(words[1]) to \(words[2])" + line
        case .id(let id): return Self.description(self.code, id) + line
        case .taken(let text, _): return "'\(text)' is taken" + line
        case .revision(let expected, let actual):
            return "expected revision \(expected), but it is at \(actual). Nothing was changed."
                + line
        // With the SKU and location the line number is redundant.
        case .shortage(let shortage):
            return Self.equation(shortage, place: sku, taking: command?.taking ?? .sell)
                + (sku == nil ? line : "")
        case .sold(let asked, let remaining):
            let subject = sku.map { "\($0.sku): " } ?? ""
            return "\(subject)\(Self.quantity(asked.baseUnits, sku)) came back, but only "
                + "\(Self.quantity(remaining.baseUnits, sku)) of that sale are left to return"
                + line
        case .remainder(let id, let asked, let remaining):
            func quantity(_ value: Quantity) -> String {
                DecimalText.format(value, decimals: sku?.decimals ?? 0)
            }
            let name = sku.map { " (\($0.sku))" } ?? ""
            let unit = sku == nil ? " base units" : ""
            return
                "\(self.code.noun) \(id)\(name): asked \(quantity(Quantity(asked.baseUnits)))\(unit), "
                + "but only \(quantity(Quantity(remaining.baseUnits))) of it are left" + line
        case .batch(let index, let inner):
            let facts = inner.facts(
                decimals: decimals,
                currency: currency,
                sku: sku,
                of: command?.part(Int(index))
            )
            return "command \(index + 1): \(inner.code.name)  \(facts)"
        case .sequence(let received, let last):
            return "request \(received) of a session that is at \(last)" + line
        case .recorded(let lines):
            let first = self.line.map { $0 + 1 } ?? 1
            return lines == 1
                ? "line \(first) is recorded already"
                : "lines \(first) to \(first + lines - 1) are recorded already"
        case .receiptLine(let number):
            return "line \(number + 1) of this receipt is recorded already, with other content"
        }
    }

    /// Describes a refusal about the object with a number.
    private static func description(_ code: RefusalCode, _ id: UInt64) -> String {
        switch code {
        case .movementNotFound: "there is no movement at LSN \(id)"
        case .alreadyReversed: "LSN \(id) was already reversed, or goods of it were returned"
        case .reservationNotFound: "there is no reservation \(id)"
        case .transferNotFound: "there is no transfer \(id)"
        case .reservationExpired, .reservationClosed, .exceedsReservation, .transferClosed,
            .exceedsTransfer:
            "\(code.noun) \(id)"
        // The number is internal: the command or the row says what it is about.
        case .productNotFound: "the product does not exist any more"
        case .categoryNotFound: "the category does not exist"
        case .locationNotFound: "the location does not exist"
        case .inUse: "it has stock, reservations or goods in transit, or products refer to it"
        case .archived: "it is archived"
        case .productInactive: "the product is not for sale"
        default: ""
        }
    }

    /// Formats a time; one outside of the calendar's range by its nearest end.
    private static func instant(_ microseconds: Int64) -> String {
        let instant = Instant(microseconds: microseconds)
        let text = TimeText.format(instant.clampedToCalendar.microseconds)
        if instant.isInCalendar { return text }
        return (microseconds < 0 ? "before " : "after ") + text
    }

    /// Returns a shortage with every number that decided it.
    private static func equation(
        _ shortage: Shortage,
        place: Place?,
        taking: StockTaking
    ) -> String {
        let subject =
            place.map { $0.location.isEmpty ? "\($0.sku): " : "\($0.sku) at \($0.location): " }
            ?? ""
        func quantity(_ value: Quantity) -> String {
            DecimalText.format(value, decimals: place?.decimals ?? 0)
        }
        let unit = place == nil ? " base units" : ""
        // A floor of 0 or less does not limit a dispatch.
        let hasFloor = taking != .dispatch || shortage.floor > 0
        let floor = hasFloor ? ", floor \(quantity(shortage.floor))" : ""
        return """
            \(subject)asked \(quantity(shortage.asked))\(unit), can \(taking.rawValue) \
            \(quantity(shortage.sellable)) (on hand \(quantity(shortage.onHand)), \
            unavailable \(quantity(shortage.unavailable)), reserved \(quantity(shortage.reserved))\
            \(floor))
            """
    }
}

/// The verb for what a command does with the stock that it removes.
enum StockTaking: String {
    case sell, reserve, dispatch
    case takeBack = "take back"
}

extension Command {
    /// What the command does with stock; `nil` if it cannot lack any.
    var taking: StockTaking? {
        switch self {
        case .sell, .commitReservation: .sell
        case .reserve: .reserve
        case .dispatchTransfer: .dispatch
        case .reverse: .takeBack
        default: nil
        }
    }
}

extension RefusalCode {
    /// The kind of object that the number in a refusal identifies.
    fileprivate var noun: String {
        switch self {
        case .reservationNotFound, .reservationExpired, .reservationClosed, .exceedsReservation:
            "reservation"
        case .transferNotFound, .transferClosed, .exceedsTransfer: "transfer"
        default: "number"
        }
    }
}
