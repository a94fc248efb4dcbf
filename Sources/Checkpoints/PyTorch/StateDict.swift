import JSON

/// Finds the weights among what a training script has saved.
///
/// A file's object is either a dictionary of tensors by name, or a dictionary that holds one under a key that tells:
/// `state_dict` before `model`, as timm has it, then the others. The running average of the weights has keys of its own
/// and is taken only where it is asked for.
struct StateDict {
    /// The tensors by name, wrappers' prefixes taken off, sorted by the names' bytes.
    let tensors: [(name: String, view: TorchView)]
    /// The keys that led to them; empty where the file's object is the dictionary itself.
    let path: [String]
    /// The texts of the file's object itself, by their keys.
    let texts: [String: String]
    /// The key of a running average that the file has, too, but that was not asked for.
    let otherAverage: String?

    /// Keys of the weights as they were trained, first to last.
    static let keys = [
        "state_dict", "model", "model_state_dict", "model_state", "module", "params", "net", "network", "weights",
        "string_to_param",
    ]

    /// Keys of the running average of the weights, first to last.
    static let averageKeys = [
        "state_dict_ema", "model_ema", "ema", "ema_model", "ema_state_dict", "model_ema_state_dict", "params_ema",
    ]

    /// Keys that stand between an average's own and its tensors.
    private static let averagePartKeys = ["shadow", "ema_state_dict"] + keys

    private typealias Pairs = [(key: PickleValue, value: PickleValue)]

    /// - Parameters:
    ///   - root: the file's object.
    ///   - machine: what built it.
    ///   - usesEMA: whether the running average is wanted.
    init(_ root: PickleValue, _ machine: PickleMachine, usesEMA: Bool) throws(CheckpointError) {
        func failure(_ expected: String, _ found: String) -> CheckpointError {
            .pytorch(
                PyTorchError(
                    file: machine.reader.source.name, rule: .contents, expected: expected, found: found, offset: nil))
        }
        func pairs(_ value: PickleValue) -> Pairs? {
            if case .object(let index) = value, case .dictionary(let pairs) = machine.objects[index] { return pairs }
            return nil
        }
        /// The dictionary under the first of `keys`, its key with it.
        func part(_ whole: Pairs, _ keys: [String]) -> (key: String, pairs: Pairs)? {
            for key in keys {
                // The last of several values counts, as in Python.
                if let value = whole.last(where: { $0.key == .string(key) })?.value, let held = pairs(value),
                    !held.isEmpty
                {
                    return (key, held)
                }
            }
            return nil
        }
        guard var found = pairs(root) else { throw failure("a dictionary of tensors", machine.noun(root)) }
        var texts: [String: String] = [:]
        for case (.string(let key), .string(let text)) in found { texts[key] = text }
        self.texts = texts
        let isLightning = found.contains { $0.key == .string("pytorch-lightning_version") }
        var path: [String] = []
        var other: String?
        if usesEMA {
            guard let average = part(found, Self.averageKeys) else {
                throw failure(
                    "a running average of the weights under one of \(Self.averageKeys.joined(separator: ", "))",
                    Self.listed(found))
            }
            path.append(average.key)
            found = average.pairs
        } else {
            other = part(found, Self.averageKeys)?.key
        }
        while path.count < PyTorchLimits.wrapperDepth,
            let inner = part(found, usesEMA ? Self.averagePartKeys : Self.keys)
        {
            path.append(inner.key)
            found = inner.pairs
        }
        let place = path.isEmpty ? "" : " in \(path.joined(separator: ".").quoted)"
        var tensors: [(name: String, view: TorchView)] = []
        for (key, value) in found {
            guard case .string(let name) = key else {
                throw failure("tensors by name\(place)", "the key \(machine.noun(key))")
            }
            guard case .object(let index) = value, case .tensor(let view) = machine.objects[index] else {
                throw failure(
                    "tensors by name\(place), or weights under one of \(Self.keys.joined(separator: ", "))",
                    "\(machine.noun(value)) under \(name.quoted), among \(Self.listed(found))")
            }
            guard name.utf8.count <= PyTorchLimits.nameByteCount else {
                throw failure("a name of at most \(PyTorchLimits.nameByteCount) bytes", "\(name.utf8.count) bytes")
            }
            tensors.append((Self.plainName(name), view))
        }
        guard !tensors.isEmpty else { throw failure("a dictionary of tensors\(place)", "an empty one") }
        // Averages that torch.optim.swa_utils keeps count their updates beside the wrapped module.
        if found.contains(where: { $0.key == .string("n_averaged") }),
            found.allSatisfy({ Self.isWrapped($0.key) || $0.key == .string("n_averaged") })
        {
            tensors.removeAll { $0.name == "n_averaged" }
        }
        // Lightning's module holds the network as an attribute, mostly under this name.
        if isLightning, tensors.allSatisfy({ $0.name.hasPrefix("model.") }) {
            tensors = tensors.map { (String($0.name.dropFirst(6)), $0.view) }
        }
        tensors.sort { $0.name.precedesByBytes($1.name) }
        for (first, second) in zip(tensors, tensors.dropFirst()) where first.name.hasSameBytes(as: second.name) {
            throw failure("each name once\(place)", "\(second.name.quoted) twice")
        }
        self.tensors = tensors
        self.path = path
        otherAverage = other
    }

    /// What is said of a file whose weights were not the only thing in it; `nil` where there is nothing to say.
    func note(file: String) -> String? {
        guard let otherAverage else { return nil }
        let taken = path.isEmpty ? "the tensors themselves" : path.joined(separator: ".").quoted
        return "\(file): took \(taken); --ema takes the running average in \(otherAverage.quoted)"
    }

    /// A name without what wrappers for several devices and for compilation put before it, in timm's order.
    private static func plainName(_ name: String) -> String {
        var name = Substring(name)
        for prefix in ["_orig_mod.", "module.", "_orig_mod."] where name.hasPrefix(prefix) {
            name = name.dropFirst(prefix.count)
        }
        return String(name)
    }

    private static func isWrapped(_ key: PickleValue) -> Bool {
        if case .string(let name) = key { return name.hasPrefix("module.") }
        return false
    }

    private static func listed(_ pairs: Pairs) -> String {
        let names = pairs.prefix(12).map { pair in
            if case .string(let name) = pair.key { name.quoted } else { "a key that is no text" }
        }
        return "the keys \(names.joined(separator: ", "))\(pairs.count > 12 ? ", ..." : "")"
    }
}
