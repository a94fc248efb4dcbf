import JSON

/// Carries out a pickle as data: the operations of protocols 2 to 5 that PyTorch writes, names of an allow-list, and
/// bounds on everything. No code of the file or named by it is run.
struct PickleMachine {
    /// Everything that holds other values; see ``PickleValue``.
    private(set) var objects: [PickleObject] = []
    /// The storages named so far.
    var storages: [TorchStorage] = []
    var reader: BoundedReader
    /// Where the operation at hand starts in the file.
    private(set) var place: Int

    /// Whether a storage's key is written as the zip format does it (a tuple of five) or the legacy format (six).
    let isLegacy: Bool
    /// The storages' places in ``storages`` by key.
    var storageOfKey: [String: Int] = [:]

    private var stack: [PickleValue] = []
    /// Where the stack's parts begin: an operation takes nothing from the part below the last mark.
    private var marks: [Int] = []
    private var memo: [Int: PickleValue] = [:]
    private var limit: Int
    private var copiedByteCount = 0

    /// - Parameter reader: stands at the pickle's first byte; afterwards behind its last.
    init(_ reader: BoundedReader, isLegacy: Bool) {
        self.reader = reader
        self.isLegacy = isLegacy
        place = reader.place
        limit = reader.place
    }

    /// Carries out one pickle, from its first operation to STOP.
    ///
    /// - Returns: the value it leaves on the stack.
    mutating func run() throws(CheckpointError) -> PickleValue {
        stack = []
        marks = []
        memo = [:]
        let start = reader.place
        limit = start + PyTorchLimits.pickleByteCount
        place = start
        guard try reader.byte() == Opcode.proto.rawValue else {
            throw failure(.format, "a pickle of protocol 2 to 5", "another start")
        }
        let version = try reader.byte()
        guard (2...5).contains(version) else { throw failure(.format, "a pickle of protocol 2 to 5", "\(version)") }
        while true {
            place = reader.place
            guard place < limit else {
                throw failure(.limit, "a pickle of at most \(PyTorchLimits.pickleByteCount) bytes", "a longer one")
            }
            let code = try reader.byte()
            guard let opcode = Opcode(rawValue: code) else {
                throw failure(.opcode, "an operation that PyTorch writes", Opcode.name(ofRefused: code))
            }
            if opcode == .stop { break }
            try carryOut(opcode)
        }
        let result = try pop()
        guard stack.isEmpty, marks.isEmpty else {
            throw failure(.stack, "one value at the end", "\(stack.count + 1 + marks.count)")
        }
        return result
    }

    func failure(_ rule: PyTorchError.Rule, _ expected: String, _ found: String) -> CheckpointError {
        reader.failure(rule, expected, found, at: place)
    }

    // MARK: - Stack, memo, arena

    mutating func push(_ value: PickleValue) throws(CheckpointError) {
        guard stack.count < PyTorchLimits.objectCount else {
            throw failure(.limit, "at most \(PyTorchLimits.objectCount) values", "more")
        }
        stack.append(value)
    }

    mutating func pop() throws(CheckpointError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.popLast() else {
            throw failure(.stack, "a value on the stack", "none")
        }
        return value
    }

    /// The topmost value, which stays.
    func top() throws(CheckpointError) -> PickleValue {
        guard stack.count > (marks.last ?? 0), let value = stack.last else {
            throw failure(.stack, "a value on the stack", "none")
        }
        return value
    }

    mutating func mark() throws(CheckpointError) {
        guard marks.count < PyTorchLimits.objectCount else {
            throw failure(.limit, "at most \(PyTorchLimits.objectCount) marks", "more")
        }
        marks.append(stack.count)
    }

    /// The values above the last mark, which goes with them.
    mutating func popMark() throws(CheckpointError) -> [PickleValue] {
        guard let start = marks.popLast() else { throw failure(.stack, "a mark on the stack", "none") }
        let values = Array(stack[start...])
        stack.removeLast(values.count)
        return values
    }

    mutating func remember(_ index: Int) throws(CheckpointError) {
        let value = try top()
        guard memo.count < PyTorchLimits.objectCount else {
            throw failure(.limit, "at most \(PyTorchLimits.objectCount) values in the memo", "more")
        }
        memo[index] = value
    }

    /// Remembers the topmost value under the next free number.
    mutating func remember() throws(CheckpointError) { try remember(memo.count) }

    mutating func recall(_ index: Int) throws(CheckpointError) {
        guard let value = memo[index] else { throw failure(.stack, "a value in the memo at \(index)", "none") }
        try push(value)
    }

    mutating func pushObject(_ object: PickleObject) throws(CheckpointError) {
        guard objects.count < PyTorchLimits.objectCount else {
            throw failure(.limit, "at most \(PyTorchLimits.objectCount) lists, tuples and dictionaries", "more")
        }
        objects.append(object)
        try push(.object(objects.count - 1))
    }

    /// Replaces what lies at a place of the arena by what `change` makes of it, without a copy.
    mutating func withObject(
        _ index: Int, _ change: (inout PickleObject) throws(CheckpointError) -> Void
    ) throws(CheckpointError) {
        var object = PickleObject.set
        swap(&object, &objects[index])
        defer { swap(&object, &objects[index]) }
        try change(&object)
    }

    /// Accounts for a copy of something that a few bytes of the file can name again and again.
    mutating func charge(_ byteCount: Int) throws(CheckpointError) {
        copiedByteCount += byteCount
        guard copiedByteCount <= PyTorchLimits.copiedByteCount else {
            throw failure(.limit, "at most \(PyTorchLimits.copiedByteCount) bytes copied", "more")
        }
    }

    /// What messages call a value.
    func noun(_ value: PickleValue) -> String {
        switch value {
        case .none: "None"
        case .bool: "a truth value"
        case .int, .wideInt: "an integer"
        case .float: "a float"
        case .string(let text): "the string \(text.quoted)"
        case .bytes: "bytes"
        case .global(let global): "\(global)"
        case .object(let index): objects[index].noun
        }
    }

    /// The elements of a tuple.
    func tuple(_ value: PickleValue, of what: String) throws(CheckpointError) -> [PickleValue] {
        if case .object(let index) = value, case .tuple(let items) = objects[index] { return items }
        throw failure(.arguments, "a tuple, \(what)", noun(value))
    }
}
