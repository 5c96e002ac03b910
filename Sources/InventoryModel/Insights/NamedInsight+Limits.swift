extension NamedInsight {
    /// Days of a moving average or without a sale.
    package static let daysMax: UInt32 = 36_500
    /// A share of cycles, in millionths: from a half to just below all.
    package static let serviceLevels: ClosedRange<UInt32> = 500_000...999_999
}
