import JSON

/// Names sorted by their bytes, to be found by binary search.
struct NameTable: Sendable {
    let names: [String]

    /// Names that are already in order.
    init(sorted names: [String]) { self.names = names }

    /// The position of a name.
    func position(of name: String) -> Int? {
        var low = 0
        var high = names.count
        while low < high {
            let middle = (low + high) / 2
            if names[middle].precedesByBytes(name) { low = middle + 1 } else { high = middle }
        }
        return low < names.count && names[low].hasSameBytes(as: name) ? low : nil
    }
}
