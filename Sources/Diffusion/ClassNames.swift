import JSON

/// The classes of a network with a table of them, beyond what diffusers' own configuration says.
///
/// Two keys are looked for in `model_index.json`, and where it has neither in the network's `config.json`:
///
/// - `id2label`: the classes' names by number, as DiT's pipeline has them. The class that stands for none has no name.
/// - `null_class_id`: the class that stands for none, always the last, `num_class_embeds - 1`. Without it there is no
///   such class, and no guidance by it.
struct ClassNames {
    /// The names by number.
    let labels: [String]
    /// The number of the class that stands for none.
    let nullClass: Int?

    /// - Parameters:
    ///   - places: the configurations that are looked at, first to last.
    ///   - rows: of the table of classes; 0 where there is none.
    init(_ places: [Config], rows: Int) throws(ConfigError) {
        let place = places.first { $0.has("id2label") || $0.has("null_class_id") }
        if rows == 0, let place, place.has("null_class_id") {
            throw place.failure("null_class_id", expected: "no such key for a network that has no table of classes")
        }
        guard rows > 0, let place else {
            (labels, nullClass) = ((0..<rows).map { "class \($0)" }, nil)
            return
        }
        nullClass = try place.optionalInt("null_class_id", in: rows - 1...rows - 1)
        let count = nullClass == nil ? rows : rows - 1
        labels =
            place.has("id2label")
            ? try place.labels("id2label", count: count) : (0..<count).map { "class \($0)" }
    }
}
