/// How the memory of a process grows with the passes it makes.
struct MemoryGrowth {
    /// Bytes that a pass adds: the slope of the line through all but the first quarter of the passes, by which buffers
    /// and heaps have found their sizes, that is closest to them in squares.
    let slope: Double

    /// - Parameter resident: bytes held after each pass; `nil` comes of fewer than 8 passes.
    init?(_ resident: [Int]) {
        guard resident.count >= 8 else { return nil }
        let later = resident[(resident.count / 4)...].map(Double.init)
        let middle = Double(later.count - 1) / 2
        let mean = later.reduce(0, +) / Double(later.count)
        var (products, squares) = (0.0, 0.0)
        for (index, bytes) in later.enumerated() {
            products += (Double(index) - middle) * (bytes - mean)
            squares += (Double(index) - middle) * (Double(index) - middle)
        }
        slope = products / squares
    }
}
