public import JSON

/// A value of a configuration that the reference follows, though nothing in the weights could contradict it.
public struct FollowedKey: Sendable {
    /// The key as of ``ConfigMutation/key``; a star at the start stands for any sections above it.
    let pattern: String

    /// A key that may change results.
    ///
    /// - Parameters:
    ///   - pattern: the key, or `*.` and its end.
    ///   - reason: why the weights cannot contradict it, and what the reference does with it.
    public init(_ pattern: String, because reason: String) { self.pattern = pattern }

    func covers(_ key: String) -> Bool {
        guard pattern.hasPrefix("*.") else { return key == pattern }
        return key == pattern.dropFirst(2) || key.hasSuffix(pattern.dropFirst())
    }
}

/// Results for fixed inputs: all of them, and the one that references have.
public struct MutationResult: Sendable {
    /// Every value of every output.
    public var all: [Float]
    /// The main output of the first reference case.
    public var main: [Float]

    /// Results of the given parts.
    ///
    /// - Parameters:
    ///   - all: every value of every output.
    ///   - main: the main output of the first reference case.
    public init(all: [Float], main: [Float]) { (self.all, self.main) = (all, main) }
}

/// What came of the changed values of a configuration.
public struct ConfigMutationReport: Sendable {
    /// Every rule that was broken, a sentence each.
    public internal(set) var failures: [String] = []
    /// Changes that were refused.
    public internal(set) var refused = 0
    /// Changes after which every bit was the same.
    public internal(set) var unchanged = 0
    /// Changes that were followed, as the reference follows them.
    public internal(set) var followed: [ConfigMutation] = []
}

/// Changes every value of a configuration. Each change must be refused with a message that names the key, another key
/// or a tensor, or give what the reference gives: the same bits as before where it gives the same.
///
/// - Parameters:
///   - config: of a model that fits its weights.
///   - references: what the reference does with each change; `nil` where nobody has asked it.
///   - followed: without references, the keys that may change results.
///   - message: what a typed error says; `nil` where the error is of no type that it should be.
///   - run: builds the model and gives its results for fixed inputs.
/// - Returns: what came of it.
/// - Throws: what `run` throws for the configuration as it is.
public func configMutations(
    of config: Config, references: MutationReferences?, followed: [FollowedKey] = [],
    message: (any Error) -> String?, run: (Config) throws -> MutationResult
) throws -> ConfigMutationReport {
    var report = ConfigMutationReport()
    let expected = try run(config)
    if let index = expected.all.firstIndex(where: { !$0.isFinite }) {
        report.failures.append("without a change, value \(index) is \(expected.all[index])")
    }
    // Transformers' names for what timm and torchvision call num_heads.
    let keys = allKeys(of: .object(config.object)) + ["num_attention_heads"]
    for mutation in ConfigMutation.all(of: config) {
        let found: MutationResult
        do { found = try run(mutation.config) } catch {
            report.refused += 1
            guard let text = message(error) else {
                report.failures.append("\(mutation): \(error), an error without a type")
                continue
            }
            let isNamed =
                text.contains("tensor") || text.contains("input")
                || mutation.parts.contains { text.contains($0) } || keys.contains { text.contains($0) }
            if !isNamed { report.failures.append("\(mutation): neither key nor tensor is named: \(text)") }
            continue
        }
        let isSame = bitDifference(found.all, expected.all) == nil
        if let references {
            if let problem = references.problem(with: found, mutation, unchanged: expected, isSame: isSame) {
                report.failures.append("\(mutation): \(problem)")
            } else if !isSame {
                report.followed.append(mutation)
            }
        } else if !isSame {
            if followed.contains(where: { $0.covers(mutation.key) }) {
                report.followed.append(mutation)
            } else {
                report.failures.append("\(mutation): another result in silence")
            }
        }
        if isSame { report.unchanged += 1 }
    }
    return report
}

/// Every key of a value, at any depth.
private func allKeys(of value: JSONValue) -> [String] {
    switch value {
    case .object(let object): object.members.flatMap { [$0.key] + allKeys(of: $0.value) }
    case .array(let elements): elements.flatMap(allKeys(of:))
    default: []
    }
}
