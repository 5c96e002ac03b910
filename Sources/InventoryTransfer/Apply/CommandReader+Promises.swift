internal import InventoryModel

/// Commands of reservations and transfers.
extension CommandReader {
    static let ofPromises: [String: CommandRead] = [
        "reserve": { (fields) throws(CommandProblem) in
            let lines = try fields.lines { (fields) throws(CommandProblem) in
                let product = try fields.product()
                return ReserveLine(
                    product: product.id,
                    location: try fields.optionalLocation(),
                    quantity: try fields.quantity("quantity", product.decimals),
                    ifRevision: try fields.revision()
                )
            }
            let reserve = Reserve(
                lines: lines,
                expiry: try fields.expiry(),
                reference: try fields.reference(),
                note: try fields.note()
            )
            return .reserve(reserve)
        },
        "extendReservation": { (fields) throws(CommandProblem) in
            let lines = try fields.lines { (fields) throws(CommandProblem) in
                ReservationLine(
                    reservation: try fields.reservation().id,
                    ifRevision: try fields.revision()
                )
            }
            return .extendReservation(
                ExtendReservation(lines: lines, expiry: try fields.expiry())
            )
        },
        "commitReservation": { (fields) throws(CommandProblem) in
            let lines = try fields.lines { (fields) throws(CommandProblem) in
                var line = try Self.reservationLine(fields)
                line.price = try fields.optionalMoney("price")
                return line
            }
            let commit = CommitReservation(
                lines: lines,
                reference: try fields.reference(),
                note: try fields.note(),
                occurred: try fields.occurrence()
            )
            return .commitReservation(commit)
        },
        "releaseReservation": { (fields) throws(CommandProblem) in
            let lines = try fields.lines { (fields) throws(CommandProblem) in
                try Self.reservationLine(fields)
            }
            return .releaseReservation(
                ReleaseReservation(lines: lines, note: try fields.note())
            )
        },
        "dispatchTransfer": { (fields) throws(CommandProblem) in
            let lines = try fields.lines { (fields) throws(CommandProblem) in
                let product = try fields.product()
                return DispatchLine(
                    product: product.id,
                    quantity: try fields.quantity("quantity", product.decimals),
                    ifRevision: try fields.revision()
                )
            }
            let dispatch = DispatchTransfer(
                from: try fields.location("from"),
                to: try fields.location("to"),
                lines: lines,
                reference: try fields.reference(),
                note: try fields.note()
            )
            return .dispatchTransfer(dispatch)
        },
        "receiveTransfer": { (fields) throws(CommandProblem) in
            .receiveTransfer(try Self.settlement(fields))
        },
        "cancelTransfer": { (fields) throws(CommandProblem) in
            .cancelTransfer(try Self.settlement(fields))
        },
    ]

    private static func reservationLine(
        _ fields: CommandFields
    ) throws(CommandProblem) -> ReservationLine {
        let (id, decimals) = try fields.reservation()
        return ReservationLine(
            reservation: id,
            quantity: try fields.optionalQuantity("quantity", decimals),
            ifRevision: try fields.revision()
        )
    }

    private static func settlement(
        _ fields: CommandFields
    ) throws(CommandProblem) -> TransferSettlement {
        let lines = try fields.lines { (fields) throws(CommandProblem) in
            let (id, decimals) = try fields.transfer()
            return TransferLine(
                transfer: id,
                quantity: try fields.optionalQuantity("quantity", decimals),
                ifRevision: try fields.revision()
            )
        }
        return TransferSettlement(lines: lines, note: try fields.note())
    }
}
