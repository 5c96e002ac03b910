import Bytes
import InventoryModel
import InventoryWire

/// Returns the fields of a message as PROTOCOL.md writes them: `{lines: [{product: 1, quantity: 2}]}`.
///
/// Absent and empty values are omitted (`nil`); ids, instants and sets are written as numbers.
func describe(_ value: Any) -> String? {
    switch value {
    case let text as String: return text.isEmpty ? nil : "\"\(text)\""
    case let bytes as [UInt8]:
        return bytes.isEmpty ? nil : bytes.map { "\($0)" }.joined(separator: " ")
    case let quantity as Quantity: return "\(quantity)"
    case let lsn as LSN: return "\(lsn)"
    case let checksum as StateChecksum: return "\(checksum)"
    case let id as ProductID: return "\(id.value)"
    case let id as CategoryID: return "\(id.value)"
    case let id as LocationID: return "\(id.value)"
    case let id as ReservationID: return "\(id.value)"
    case let id as TransferID: return "\(id.value)"
    case let instant as Instant: return "\(instant.microseconds)"
    case let fingerprint as RequestFingerprint: return "\(fingerprint.value)"
    case let money as Money: return "\(money.minorUnits)"
    case let set as any OptionSet: return "\(set.rawValue)"
    default: break
    }
    let mirror = Mirror(reflecting: value)
    switch mirror.displayStyle {
    case .optional:
        return mirror.children.first.flatMap { describe($0.value) }
    case .collection:
        let elements = mirror.children.map { describe($0.value) ?? "" }
        return elements.isEmpty ? nil : "[\(elements.joined(separator: ", "))]"
    case .enum:
        guard let child = mirror.children.first, let name = child.label else { return "\(value)" }
        return [name, describe(child.value)].compactMap { $0 }.joined(separator: " ")
    case .struct, .tuple:
        // An entity's editable fields are a nested value, but part of the row on the wire.
        let children = mirror.children.flatMap { child -> [Mirror.Child] in
            guard child.label == "fields", child.value is any Described else { return [child] }
            return Array(Mirror(reflecting: child.value).children)
        }
        let fields = children.compactMap { child -> String? in
            guard let text = describe(child.value) else { return nil }
            guard let label = child.label, !label.hasPrefix(".") else { return text }
            return "\(label): \(text)"
        }
        return "{\(fields.joined(separator: ", "))}"
    default:
        return "\(value)"
    }
}
