package import Bytes

/// Returns the encoding of a value.
package func bytes<Value>(of value: Value, _ encode: (Value, inout ByteWriter) -> Void) -> [UInt8] {
    var writer = ByteWriter()
    encode(value, &writer)
    return writer.array()
}

/// Decodes a value from bytes that contain nothing else.
package func read<Value>(
    _ bytes: [UInt8],
    _ decode: (inout ByteReader) throws(ByteReaderError) -> Value
) throws(ByteReaderError) -> Value {
    var writer = ByteWriter(capacity: bytes.count)
    writer.write(bytes: bytes)
    return try writer.withBytes { (bytes) throws(ByteReaderError) in
        var reader = ByteReader(bytes)
        let value = try decode(&reader)
        try reader.finish()
        return value
    }
}
