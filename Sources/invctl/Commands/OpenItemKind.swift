public import ArgumentParser
import InventoryClient
public import InventoryModel

/// Reservations or transfers: what commands about either say, and how they ask for them.
protocol OpenItemKind: SendableMetatype {
    associatedtype ID: EntityID where ID.Value == UInt32
    associatedtype State: FieldChoice & ExpressibleByArgument
    associatedtype Row: NumberedItem
    /// What one is called.
    static var title: String { get }
    /// The command that lists them.
    static var list: String { get }
    static var notFound: RefusalCode { get }
    /// The states of those that are not over, and what these do.
    static var open: ChoiceSet<State> { get }
    static var whatOpenOnesDo: String { get }
    /// Why a part of one has no price; `nil` where it may have one.
    static var whyNoPrice: String? { get }
    static var partsHelp: ArgumentHelp { get }
    static var ofHelp: ArgumentHelp { get }
    static var numberHelp: ArgumentHelp { get }
    static var atHelp: ArgumentHelp { get }
    static var stateHelp: ArgumentHelp { get }
    static func query(_ wanted: OpenItemQuery<ID, State>) -> Query
}

/// A reservation or transfer, as a query lists it.
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
    static var ofHelp: ArgumentHelp { "All that hold stock and have this reference." }
    static var numberHelp: ArgumentHelp { "The number; those that hold stock if not given." }
    static var atHelp: ArgumentHelp { "Only at this location." }
    static var stateHelp: ArgumentHelp {
        "active, committed, released or expired; may be given several times."
    }

    static func query(_ wanted: ReservationQuery) -> Query { .reservations(wanted) }
}

enum TransferKind: OpenItemKind {
    typealias Row = ListedTransfer

    static let title = "transfer"
    static let list = "stock transfer list"
    static let notFound = RefusalCode.transferNotFound
    static let open = TransferStateSet.inTransit
    static let whatOpenOnesDo = "is on its way"
    static let whyNoPrice: String? = "what is moved keeps its cost, and has no price"
    static var partsHelp: ArgumentHelp { "ID[=QUANTITY] …" }
    static var ofHelp: ArgumentHelp { "All that are on their way and have this reference." }
    static var numberHelp: ArgumentHelp { "The number; those on their way if not given." }
    static var atHelp: ArgumentHelp { "Only from or to this location." }
    static var stateHelp: ArgumentHelp {
        "inTransit, received or cancelled; may be given several times."
    }

    static func query(_ wanted: TransferQuery) -> Query { .transfers(wanted) }
}

extension ReservationState: ExpressibleByArgument {}
extension TransferState: ExpressibleByArgument {}
