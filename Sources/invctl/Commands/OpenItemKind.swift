public import ArgumentParser
import InventoryClient
public import InventoryModel

/// Reservations or transfers: the strings and queries of the commands about them.
protocol OpenItemKind: SendableMetatype {
    associatedtype ID: EntityID where ID.Value == UInt32
    associatedtype State: FieldChoice & ExpressibleByArgument
    associatedtype Row: NumberedItem
    /// The word for one of them.
    static var title: String { get }
    /// The command that lists them.
    static var list: String { get }
    static var notFound: RefusalCode { get }
    /// The states of open ones, and what they do.
    static var open: ChoiceSet<State> { get }
    static var whatOpenOnesDo: String { get }
    /// Why a part of one has no price; `nil` if it may have one.
    static var whyNoPrice: String? { get }
    static var partsHelp: ArgumentHelp { get }
    static var ofHelp: ArgumentHelp { get }
    static var numberHelp: ArgumentHelp { get }
    static var atHelp: ArgumentHelp { get }
    static var stateHelp: ArgumentHelp { get }
    /// Returns the query of reservations or transfers.
    static func query(_ query: OpenItemQuery<ID, State>) -> Query
}

/// A reservation or transfer as listed by a query.
protocol NumberedItem: AnswerRow {
    var number: UInt32 { get }
    var item: ListedOpenItem { get }
}

extension ListedReservation: NumberedItem {
    var number: UInt32 { self.id.value }
}

extension ListedTransfer: NumberedItem {
    var number: UInt32 { self.id.value }
}

enum ReservationKind: OpenItemKind {
    typealias Row = ListedReservation

    static let title = "reservation"
    static let list = "reserve list"
    static let notFound = RefusalCode.reservationNotFound
    static let open = ReservationStateSet.active
    static let whatOpenOnesDo = "holds stock"
    static let whyNoPrice: String? = nil
    static var partsHelp: ArgumentHelp { "ID[=QUANTITY[@PRICE]] …" }
    static var ofHelp: ArgumentHelp { "All active reservations with this reference." }
    static var numberHelp: ArgumentHelp { "The number; default: all active reservations." }
    static var atHelp: ArgumentHelp { "Only at this location." }
    static var stateHelp: ArgumentHelp {
        "active, committed, released or expired; repeatable."
    }

    static func query(_ query: ReservationQuery) -> Query { .reservations(query) }
}

enum TransferKind: OpenItemKind {
    typealias Row = ListedTransfer

    static let title = "transfer"
    static let list = "stock transfer list"
    static let notFound = RefusalCode.transferNotFound
    static let open = TransferStateSet.inTransit
    static let whatOpenOnesDo = "is on its way"
    static let whyNoPrice: String? = "transferred stock keeps its cost and has no price"
    static var partsHelp: ArgumentHelp { "ID[=QUANTITY] …" }
    static var ofHelp: ArgumentHelp { "All transfers in transit with this reference." }
    static var numberHelp: ArgumentHelp { "The number; default: all transfers in transit." }
    static var atHelp: ArgumentHelp { "Only from or to this location." }
    static var stateHelp: ArgumentHelp {
        "inTransit, received or cancelled; repeatable."
    }

    static func query(_ query: TransferQuery) -> Query { .transfers(query) }
}

extension ReservationState: ExpressibleByArgument {
    /// None: the names speak for themselves.
    public static var allValueDescriptions: [String: String] { [:] }
}

extension TransferState: ExpressibleByArgument {
    /// None: the names speak for themselves.
    public static var allValueDescriptions: [String: String] { [:] }
}
