/// The mean and the variance of every group of channels, image by image: what a group norm subtracts and divides by.
public struct GroupMoments: Sendable {
    /// `[B, groups, 2]`: means and population variances.
    private(set) var values: [Double]
    /// Positions of an image that they are of.
    private var count: Int

    init(values: [Double], count: Int) { (self.values, self.count) = (values, count) }

    /// Makes them those of two parts of the images together (Chan, Golub and LeVeque 1983, "Algorithms for computing
    /// the sample variance", equation 2.1).
    ///
    /// - Parameter other: of the other part, as many images and groups.
    /// - Precondition: both are of as many images and groups.
    public mutating func add(_ other: GroupMoments) {
        precondition(values.count == other.values.count, "moments of \(values.count) and of \(other.values.count)")
        let all = count + other.count
        guard other.count > 0 else { return }
        let share = Double(other.count) / Double(all)
        for place in stride(from: 0, to: values.count, by: 2) {
            let difference = other.values[place] - values[place]
            values[place] += difference * share
            values[place + 1] +=
                (other.values[place + 1] - values[place + 1]) * share + difference * difference * share * (1 - share)
        }
        count = all
    }
}
