import TensorCore

/// The tensors of one component of a checkpoint in the original layout, and where each goes.
struct LDMPart {
    /// The checkpoint's file, for messages.
    let file: String
    /// What the component's names start with.
    let prefix: String
    /// The tensors by their names without it.
    private(set) var infos: [String: TensorInfo] = [:]
    /// What they become.
    private(set) var entries: [String: RenamedSource.Entry] = [:]

    init(file: String, prefix: String) { (self.file, self.prefix) = (file, prefix) }

    /// Adds a tensor under its name without the prefix.
    mutating func add(_ info: TensorInfo, as name: String) { infos[name] = info }

    /// The names without the prefix, sorted.
    var names: [String] { infos.keys.sorted() }

    func has(_ name: String) -> Bool { infos[name] != nil }

    /// A tensor's dimensions.
    func shape(_ name: String, rank: ClosedRange<Int>) throws(SingleFileError) -> [Int] {
        guard let info = infos[name] else {
            throw .tensor(
                file: file, tensor: prefix + name, expected: "to be there, as the layout has it",
                found: "no such tensor")
        }
        guard rank.contains(info.shape.count) else {
            throw failure(
                name,
                "\(rank.lowerBound == rank.upperBound ? "" : "\(rank.lowerBound) to ")\(rank.upperBound) dimensions",
                "shape \(info.shape)")
        }
        return info.shape
    }

    /// An error about a tensor.
    func failure(_ name: String, _ expected: String, _ found: String) -> SingleFileError {
        .tensor(file: file, tensor: prefix + name, expected: expected, found: found)
    }

    /// An error for a tensor that the layout has not.
    func unknown(_ name: String) -> SingleFileError {
        failure(name, "a name of the original layout of Stable Diffusion 1.x or 2.x", "another")
    }

    /// Gives a tensor its new name.
    ///
    /// - Parameters:
    ///   - name: without the prefix.
    ///   - newName: the new one.
    ///   - shape: of as many elements as the tensor has; its own where left out.
    mutating func move(_ name: String, to newName: String, shape: [Int]? = nil) throws(SingleFileError) {
        guard let info = infos[name] else { throw unknown(name) }
        try place(name, RenamedSource.Entry(info: info, original: info.name), newName, shape ?? info.shape)
    }

    /// Makes several tensors of one that has them one below the other, with as many rows each.
    mutating func split(_ name: String, into newNames: [String], shape: [Int]) throws(SingleFileError) {
        guard let info = infos[name] else { throw unknown(name) }
        var whole = shape
        whole[0] *= newNames.count
        guard info.shape == whole else { throw failure(name, "shape \(whole)", "\(info.shape)") }
        let byteCount = info.byteCount / newNames.count
        for (index, newName) in newNames.enumerated() {
            try place(
                name, RenamedSource.Entry(info: info, original: info.name, offset: index * byteCount), newName, shape)
        }
    }

    private mutating func place(
        _ name: String, _ entry: RenamedSource.Entry, _ newName: String, _ shape: [Int]
    ) throws(SingleFileError) {
        guard entry.info.dtype.isFloatingWeight else {
            throw failure(name, "floats", entry.info.dtype.rawValue)
        }
        var entry = entry
        entry.info.name = newName
        entry.info.shape = shape
        if let other = entries.updateValue(entry, forKey: newName) {
            throw failure(name, "one tensor for \(newName)", "\(other.original), too")
        }
    }
}
