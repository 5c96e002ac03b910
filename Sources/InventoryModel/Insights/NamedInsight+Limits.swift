extension NamedInsight {
    /// The longest moving average, and the longest time without a sale, in days.
    package static let daysMax: UInt32 = 36_500
    /// The valid service levels, the shares of cycles without a stock-out in millionths: 50 % to just below
    /// 100 %.
    package static let serviceLevels: ClosedRange<UInt32> = 500_000...999_999
}
