import Foundation
import JSON

/// What the reference does with a model whose configuration has one value changed, as
/// `Scripts/fixtures/config_mutations.py` found it: the changes that it refuses and those after which the result is
/// another one. What is not listed changes nothing.
public struct MutationReferences: Sendable {
    private struct Entry {
        var value: JSONValue
        /// The largest magnitude of the result, its length and samples; `nil` where the reference refuses.
        var result: (scale: Double, count: Int, samples: [Double])?
    }

    /// By place.
    private var entries: [String: [Entry]] = [:]

    /// Reads a model's.
    ///
    /// - Parameters:
    ///   - path: of a family's `mutations.json`.
    ///   - model: the name of a folder.
    /// - Returns: `nil` where the file does not list the model.
    public init?(file path: String, model: String) throws {
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let whole = try JSONValue.parse(bytes, limits: JSONLimits(byteCount: 1 << 24))
        guard let list = whole[model]?.arrayValue else { return nil }
        for item in list {
            var entry = Entry(value: item["value"] ?? .null)
            if let samples = item["samples"]?.arrayValue {
                entry.result = (
                    item["scale"]?.doubleValue ?? 0, item["count"]?.intValue ?? 0, samples.compactMap(\.doubleValue)
                )
            }
            entries[item["place"]?.stringValue ?? "", default: []].append(entry)
        }
    }

    /// What is wrong with a result; `nil` where the reference gives the same.
    func problem(
        with found: MutationResult, _ mutation: ConfigMutation, unchanged expected: MutationResult, isSame: Bool
    ) -> String? {
        guard let entry = entries[mutation.place]?.first(where: { Self.agree($0.value, mutation.value) }) else {
            guard !isSame else { return nil }
            // The reference's own result moved by rounding at most.
            let scale = expected.main.reduce(0) { max($0, $1.magnitude) }
            let isClose =
                found.main.count == expected.main.count
                && zip(found.main, expected.main).allSatisfy { ($0 - $1).magnitude <= 1e-5 * scale }
            return isClose ? nil : "another result, where the reference's stays"
        }
        guard let (scale, count, samples) = entry.result else {
            return isSame ? nil : "another result, where the reference refuses"
        }
        guard found.main.count == count else { return "\(found.main.count) values, the reference gives \(count)" }
        for (index, sample) in samples.enumerated() {
            let value = Double(found.main[index * (count - 1) / (samples.count - 1)])
            guard (value - sample).magnitude <= 1e-4 * scale else {
                return
                    "\(isSame ? "the same result" : "another result"), the reference gives another: sample \(index) is "
                    + "\(value), expected \(sample)"
            }
        }
        return nil
    }

    private static func agree(_ a: JSONValue, _ b: JSONValue) -> Bool {
        if let a = a.doubleValue, let b = b.doubleValue { return a == b }
        return a == b
    }
}
