public import JSON

/// A configuration with one of its values changed.
public struct ConfigMutation: Sendable, CustomStringConvertible {
    /// Where the value lies, without positions in lists: `vision_config.hidden_act`, `depths`.
    public let key: String
    /// Where the value lies, with positions: `depths[1]`.
    public let place: String
    /// What stands there now.
    public let value: JSONValue
    /// The whole configuration.
    public let config: Config

    /// The change as a person writes it.
    public var description: String { "\(place) = \(value.serialized())" }

    /// The names that messages may use for the value: the parts of its key.
    var parts: [Substring] { key.split(separator: ".") }
}

extension ConfigMutation {
    /// Names of which a configuration holds one, and that mean something in place of each other.
    private static let siblings: [[String]] = [
        [
            "relu", "relu6", "gelu", "gelu_new", "gelu_pytorch_tanh", "quick_gelu", "silu", "hard_swish", "tanh",
            "sigmoid",
        ],
        ["basic", "bottleneck"], ["token", "avg", "map", "max", ""], ["group", "layer"], ["cls", "mean", "max"],
        ["absolute", "relative_key", "relative_key_query"], ["rotary", "relative"], ["sum", "mean"],
        ["float32", "float16", "bfloat16"], ["add", "concat", "learned"], ["zeros", "same"],
    ]

    /// Members of an object, elements of a list that are changed: of a thousand labels a few tell as much as all.
    private static let mostMembers = 48
    private static let mostLabels = 2

    /// Every value of a configuration changed by itself, in a few ways each: numbers a little, twofold, by half and to
    /// zero; truth values; names to others that mean something, and to one that means nothing; `null` to something.
    ///
    /// - Parameter config: as read.
    /// - Returns: the changed configurations, in the order of the file.
    public static func all(of config: Config) -> [ConfigMutation] {
        changes(of: .object(config.object), key: "", place: "").compactMap { key, place, value, whole in
            guard let object = whole.objectValue else { return nil }
            return ConfigMutation(
                key: key, place: place, value: value, config: Config(file: config.file, object: object))
        }
    }

    private typealias Change = (key: String, place: String, value: JSONValue, whole: JSONValue)

    private static func changes(of value: JSONValue, key: String, place: String) -> [Change] {
        switch value {
        case .object(let object):
            let isLabels = key.hasSuffix("id2label") || key.hasSuffix("label2id") || key.hasSuffix("label_names")
            return object.members.prefix(isLabels ? mostLabels : mostMembers * 4).flatMap { member in
                changes(
                    of: member.value, key: key.isEmpty ? member.key : "\(key).\(member.key)",
                    place: place.isEmpty ? member.key : "\(place).\(member.key)"
                ).map { change in
                    var whole = object
                    whole[member.key] = change.whole
                    return (change.key, change.place, change.value, JSONValue.object(whole))
                }
            }
        case .array(let elements):
            return elements.indices.prefix(mostMembers).flatMap { index in
                changes(of: elements[index], key: key, place: "\(place)[\(index)]").map { change in
                    var whole = elements
                    whole[index] = change.whole
                    return (change.key, change.place, change.value, JSONValue.array(whole))
                }
            }
        default: return alternatives(value).map { (key, place, $0, $0) }
        }
    }

    private static func alternatives(_ value: JSONValue) -> [JSONValue] {
        switch value {
        case .null: return [1, true, "x"]
        case .bool(let truth): return [JSONValue(!truth)]
        case .string(let text):
            let others = siblings.filter { $0.contains(text) }.flatMap(\.self).filter { $0 != text }
            return (others + [text + "x"]).map { JSONValue($0) }
        case .number(.int(let number)):
            var others: [Int] = []
            for other in [number &+ 1, number &- 1, number &* 2, number / 2, 0]
            where other != number && !others.contains(other) { others.append(other) }
            return others.map { JSONValue($0) }
        case .number(let number):
            let number = number.doubleValue
            return number == 0 ? [0.5, 1] : [JSONValue(2 * number), JSONValue(number / 2), 0.0]
        default: return []
        }
    }
}
