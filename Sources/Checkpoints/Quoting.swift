import JSON

extension String {
    /// The text in quotes for a message, control characters escaped, a long text cut.
    package var quoted: String {
        let longest = 200
        guard utf8.count > longest else { return JSONValue.string(self).serialized() }
        return JSONValue.string(String(unicodeScalars.prefix(longest))).serialized() + "..."
    }
}
