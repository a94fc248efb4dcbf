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
}
