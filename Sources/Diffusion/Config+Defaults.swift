package import JSON

extension Config {
    /// A value, or diffusers' default where the key is absent; `null` is no default there.
    ///
    /// - Parameters:
    ///   - key: the name in this object.
    ///   - value: the default.
    ///   - read: reads the key that is there.
    package func set<Value>(
        _ key: String, or value: Value, _ read: (String) throws(ConfigError) -> Value
    ) throws(ConfigError) -> Value {
        object[key] == nil ? value : try read(key)
    }

    /// The types of a network's blocks, one for each level.
    ///
    /// - Parameters:
    ///   - key: the name in this object.
    ///   - standard: diffusers' default where the key is absent.
    ///   - known: what types stand for. A prefix that older files have changes nothing.
    ///   - count: of levels.
    package func blockTypes<Kind>(
        _ key: String, or standard: [String], _ known: [String: Kind], count: Int
    ) throws(ConfigError) -> [Kind] {
        let names = try set(key, or: standard) { (key) throws(ConfigError) in try strings(key, count: 1...16) }
        guard names.count == count else {
            throw failure(key, expected: "\(count) block types, as many as block_out_channels", found: "\(names.count)")
        }
        let formerPrefix = "UNetRes"
        var kinds: [Kind] = []
        for name in names {
            let plain = name.hasPrefix(formerPrefix) ? String(name.dropFirst(formerPrefix.count)) : name
            guard let kind = known[plain] else {
                throw failure(
                    key, expected: "one of \(known.keys.sorted().joined(separator: ", "))", found: "\"\(name)\"")
            }
            kinds.append(kind)
        }
        return kinds
    }
}
