import TensorCore

/// A checkpoint that calls a layer norm's parameters `gamma` and `beta`, as those converted from TensorFlow do, shown
/// under the names `weight` and `bias`.
///
/// transformers renames them while it loads, too.
struct LegacyNames: TensorSource {
    private let base: any TensorSource
    /// The names of the file by those that are shown.
    private let originals: [String: String]
    let names: [String]

    /// The checkpoint under the new names; itself where it has no old ones.
    static func renamed(_ base: any TensorSource) -> any TensorSource {
        let shown = base.names.map { (new: newName($0), old: $0) }
        guard shown.contains(where: { $0.new != $0.old }) else { return base }
        return LegacyNames(base, shown)
    }

    private init(_ base: any TensorSource, _ shown: [(new: String, old: String)]) {
        self.base = base
        // Where a file has both, the new one keeps its name and the old one is left over, which is an error.
        var originals: [String: String] = [:]
        for pair in shown where pair.new == pair.old { originals[pair.new] = pair.old }
        for pair in shown where pair.new != pair.old {
            originals[originals[pair.new] == nil ? pair.new : pair.old] = pair.old
        }
        self.originals = originals
        names = originals.keys.sorted()
    }

    private static func newName(_ name: String) -> String {
        for (old, new) in [("LayerNorm.gamma", "LayerNorm.weight"), ("LayerNorm.beta", "LayerNorm.bias")]
        where name.hasSuffix(old) { return name.dropLast(old.count) + new }
        return name
    }

    var location: String { base.location }

    func info(_ name: String) -> TensorInfo? {
        guard let original = originals[name], var info = base.info(original) else { return nil }
        info.name = name
        return info
    }

    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        try base.read(originals[name] ?? name, at: offset, into: buffer)
    }
}
