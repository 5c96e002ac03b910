internal import Foundation

/// The statistics for insights: the only floating point of the core.
enum Statistics {
    /// Returns P(X ≥ count) for a Poisson-distributed X with that mean: the chance that demand reaches a
    /// stock.
    ///
    /// Terms are summed from `count` in the direction in which they decrease, each derived from the preceding
    /// one, until they no longer change the sum: above the mean this is the tail itself, with full relative
    /// precision, below it 1 minus the rest.
    ///
    /// Above a mean of 10⁹ the normal distribution is used, which is then accurate to 10⁻⁵, so that the
    /// work is bounded for all quantities.
    ///
    /// - Complexity: O(√mean)
    static func poissonTail(atLeast count: Int64, mean: Double) -> Double {
        if count <= 0 { return 1 }
        if mean <= 0 { return 0 }
        if mean > 1e9 {
            return self.normalTail((Double(count) - 0.5 - mean) / mean.squareRoot())
        }
        var k = Double(count)
        if k > mean {
            var term = self.poissonTerm(k, mean: mean)
            var sum = 0.0
            while term > sum * .ulpOfOne / 8 {
                sum += term
                k += 1
                term *= mean / k
            }
            return sum
        }
        k -= 1
        var term = self.poissonTerm(k, mean: mean)
        var sum = 0.0
        while k >= 0, term > sum * .ulpOfOne / 8 {
            sum += term
            term *= k / mean
            k -= 1
        }
        return 1 - sum
    }

    /// Returns the probability of k: e^−mean · mean^k ÷ k!, without the cancellation of its large parts.
    ///
    /// After Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000): the saddle-point
    /// form of the Poisson density.
    private static func poissonTerm(_ k: Double, mean: Double) -> Double {
        if k == 0 { return exp(-mean) }
        return exp(-self.stirlingError(k) - self.deviance(k, mean))
            / (2 * Double.pi * k).squareRoot()
    }

    /// Returns ln k! minus Stirling's approximation.
    private static func stirlingError(_ k: Double) -> Double {
        let square = k * k
        if k > 15 { return (1.0 / 12 - (1.0 / 360 - 1.0 / 1_260 / square) / square) / k }
        return lgamma(k + 1) - (k + 0.5) * log(k) + k - log(2 * Double.pi) / 2
    }

    /// Returns k · ln(k ÷ mean) + mean − k; by a series if k and mean are close.
    private static func deviance(_ k: Double, _ mean: Double) -> Double {
        guard abs(k - mean) < 0.1 * (k + mean) else { return k * log(k / mean) + mean - k }
        let v = (k - mean) / (k + mean)
        var sum = (k - mean) * v
        var term = 2 * k * v
        for j in 1..<1_000 {
            term *= v * v
            let next = sum + term / Double(2 * j + 1)
            if next == sum { break }
            sum = next
        }
        return sum
    }

    /// Returns P(X ≥ z) for X of the standard normal distribution.
    static func normalTail(_ z: Double) -> Double { erfc(z / 2.0.squareRoot()) / 2 }

    /// Returns the z with P(X ≤ z) = `share` for X of the standard normal distribution.
    ///
    /// P. J. Acklam's rational approximation (relative error below 1.15 · 10⁻⁹), refined by one step of
    /// Halley's method to the precision of a Double.
    ///
    /// - Precondition: 0 < `share` < 1.
    static func normalQuantile(_ share: Double) -> Double {
        precondition(share > 0 && share < 1, "no quantile at \(share)")
        let z = self.roughQuantile(share)
        let error = 1 - self.normalTail(z) - share
        let step = error * (2 * Double.pi).squareRoot() * exp(z * z / 2)
        return z - step / (1 + z * step / 2)
    }

    private static func roughQuantile(_ share: Double) -> Double {
        let tail = 0.02425
        if share > 1 - tail { return -self.roughQuantile(1 - share) }
        if share < tail {
            let q = (-2 * log(share)).squareRoot()
            return self.polynomial(Self.c, q) / self.polynomial(Self.d + [1], q)
        }
        let q = share - 0.5
        let r = q * q
        return q * self.polynomial(Self.a, r) / self.polynomial(Self.b + [1], r)
    }

    /// Evaluates a polynomial at `x`; the highest coefficient comes first.
    private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reduce(0) { $0 * x + $1 }
    }

    private static let a = [
        -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02,
        1.383577518672690e+02, -3.066479806614716e+01, 2.506628277459239e+00,
    ]
    private static let b = [
        -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
        6.680131188771972e+01, -1.328068155288572e+01,
    ]
    private static let c = [
        -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
        -2.549732539343734e+00, 4.374664141464968e+00, 2.938163982698783e+00,
    ]
    private static let d = [
        7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
        3.754408661907416e+00,
    ]

    /// The exponentially weighted moving average of values in their order.
    ///
    /// It is α · value + (1 − α) · the preceding average, with α = 2 ÷ (n + 1), starting with the first
    /// value.
    ///
    /// - Returns: `nil` without a value.
    static func ewma(_ values: [Double], days: Int) -> Double? {
        guard var average = values.first else { return nil }
        let alpha = 2 / (Double(days) + 1)
        for value in values.dropFirst() { average = alpha * value + (1 - alpha) * average }
        return average
    }

    /// Returns the mean, or `nil` without a value.
    static func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
    }

    /// Returns the sample standard deviation √(Σ(x − mean)² ÷ (n − 1)); 0 for fewer than two values.
    static func deviation(_ values: [Double]) -> Double {
        guard values.count > 1, let mean = self.mean(values) else { return 0 }
        let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
        return (squares / Double(values.count - 1)).squareRoot()
    }
}
