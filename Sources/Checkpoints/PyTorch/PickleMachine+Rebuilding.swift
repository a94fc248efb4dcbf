import JSON

/// What the names of the allow-list make of their arguments.
extension PickleMachine {
    /// REDUCE: a name and its arguments.
    mutating func reduce() throws(CheckpointError) {
        let arguments = try pop()
        guard case .global(let global) = try pop() else {
            throw failure(.global, "the name of a function or class", "another value to call")
        }
        let items = try tuple(arguments, of: "the arguments")
        switch global {
        case .dictionary: try pushDictionary(items)
        case .rebuildTensor(let version): try rebuildTensor(items, version)
        case .rebuildParameter(let name):
            guard items.count == (name == "_rebuild_parameter" ? 3 : 4), isTensor(items[0]) else {
                throw failure(.arguments, "a tensor and what \(name) needs", "\(items.count) other arguments")
            }
            try push(items[0])
        case .rebuildFromType:
            guard items.count == 4, case .global(let function) = items[0], case .global(.tensorClass) = items[1] else {
                throw failure(.arguments, "a function, torch.Tensor or Parameter, arguments and state", "others")
            }
            switch function {
            case .rebuildTensor, .rebuildParameter: break
            default: throw failure(.arguments, "a function that rebuilds a tensor", "another")
            }
            // A second step at most: the function is one of the two above.
            try push(items[0])
            try push(items[2])
            try reduce()
        case .encode:
            guard items.count == 2, case .string(let text) = items[0], case .string("latin1") = items[1] else {
                throw failure(.arguments, "a text and the encoding latin1", "other arguments")
            }
            try charge(text.utf8.count)
            var bytes: [UInt8] = []
            for scalar in text.unicodeScalars {
                guard let byte = UInt8(exactly: scalar.value) else {
                    throw failure(.arguments, "characters of latin1", "another")
                }
                bytes.append(byte)
            }
            try push(.bytes(bytes))
        case .data(let name): try pushObject(.data(className: name))
        case .storage, .elementType, .tensorClass:
            throw failure(.global, "a function that rebuilds a tensor", "a call of \(global)")
        }
    }

    /// NEWOBJ: an object of a class of plain data.
    mutating func makeObject() throws(CheckpointError) {
        let arguments = try pop()
        guard case .global(let global) = try pop() else {
            throw failure(.global, "the name of a class", "another value")
        }
        let items = try tuple(arguments, of: "the arguments")
        switch global {
        case .dictionary: try pushDictionary(items)
        case .data(let name): try pushObject(.data(className: name))
        default: throw failure(.global, "a class of plain data", "an object of \(global)")
        }
    }

    /// BUILD: what an object holds beyond its arguments. It changes no tensor, and of plain data nobody reads it.
    mutating func build() throws(CheckpointError) {
        let state = try pop()
        let target = try top()
        guard case .object(let index) = target else { throw failure(.stack, "an object to fill", noun(target)) }
        switch objects[index] {
        case .data: return
        case .dictionary:
            // The attributes of an ordered dictionary, such as a state dictionary's `_metadata`.
            guard case .object(let held) = state, case .dictionary = objects[held] else {
                throw failure(.arguments, "a dictionary of attributes", noun(state))
            }
        case .tuple, .list, .set, .storage, .tensor:
            throw failure(.stack, "an object to fill", objects[index].noun)
        }
    }

    /// A dictionary of no pairs, or of those in a list; `defaultdict` has a class before them.
    private mutating func pushDictionary(_ items: [PickleValue]) throws(CheckpointError) {
        var pairs: [(key: PickleValue, value: PickleValue)] = []
        for item in items {
            guard case .object(let index) = item else {
                switch item {
                case .global, .none: continue
                default: throw failure(.arguments, "a list of pairs", noun(item))
                }
            }
            switch objects[index] {
            case .list(let list):
                try charge(list.count * MemoryLayout<(PickleValue, PickleValue)>.stride)
                for entry in list {
                    let pair: [PickleValue]
                    if case .object(let held) = entry, case .list(let list) = objects[held] {
                        pair = list
                    } else {
                        pair = try tuple(entry, of: "a key and a value")
                    }
                    guard pair.count == 2 else { throw failure(.arguments, "a key and a value", "\(pair.count)") }
                    pairs.append((pair[0], pair[1]))
                }
            case .dictionary(let held):
                try charge(held.count * MemoryLayout<(PickleValue, PickleValue)>.stride)
                pairs += held
            default: throw failure(.arguments, "a list of pairs", objects[index].noun)
            }
        }
        try pushObject(.dictionary(pairs))
    }

    private func isTensor(_ value: PickleValue) -> Bool {
        if case .object(let index) = value, case .tensor = objects[index] { return true }
        return false
    }

    /// BINPERSID: a storage, named by `("storage", class, key, location, elements)`.
    mutating func pushStorage(_ id: PickleValue) throws(CheckpointError) {
        let items = try tuple(id, of: "what names a storage")
        guard items.count == (isLegacy ? 6 : 5), case .string("storage") = items[0],
            case .global(.storage(let type)) = items[1], case .string(let key) = items[2], case .string = items[3],
            case .int(let count) = items[4]
        else {
            throw failure(.storage, "a storage's class, key, location and size", "something else")
        }
        if isLegacy, items[5] != .none {
            throw failure(.storage, "a storage of its own", "a part of another one, as PyTorch before 0.4 wrote it")
        }
        let element = type ?? .uint8
        let (byteCount, overflow) = count.multipliedReportingOverflow(by: element.bitCount / 8)
        guard count >= 0, !overflow else {
            throw failure(.storage, "a number of elements from 0 on", "\(count)")
        }
        let storage = TorchStorage(key: key, type: element, byteCount: byteCount)
        if let known = storageOfKey[key], storages[known].key.hasSameBytes(as: key) {
            guard storages[known] == storage else {
                throw failure(.storage, "the storage \(key.quoted) with one type and size", "another")
            }
            return try pushObject(.storage(known))
        }
        storages.append(storage)
        storageOfKey[key] = storages.count - 1
        try pushObject(.storage(storages.count - 1))
    }

    /// A tensor from `(storage, offset, size, stride, requires_grad, hooks, ...)`; the third version has the element
    /// type behind the hooks.
    private mutating func rebuildTensor(_ items: [PickleValue], _ version: Int) throws(CheckpointError) {
        let counts = [1: 4...4, 2: 6...7, 3: 7...8][version] ?? 0...0
        guard counts.contains(items.count), case .object(let index) = items[0],
            case .storage(let storage) = objects[index], case .int(let offset) = items[1]
        else {
            throw failure(.arguments, "a storage, an offset, sizes and strides", "other arguments")
        }
        var type = storages[storage].type
        if version == 3 {
            guard case .global(.elementType(let element, let name)) = items[6] else {
                throw failure(.arguments, "an element type", noun(items[6]))
            }
            guard let element else { throw failure(.arguments, "an element type that can be stored", name) }
            type = element
        }
        let view = TorchView(
            storage: storage, type: type, offset: offset, shape: try numbers(items[2], "sizes"),
            strides: try numbers(items[3], "strides"))
        try check(view)
        try pushObject(.tensor(view))
    }

    private func numbers(_ value: PickleValue, _ what: String) throws(CheckpointError) -> [Int] {
        let items = try tuple(value, of: what)
        guard items.count <= PyTorchLimits.rank else {
            throw failure(.limit, "at most \(PyTorchLimits.rank) dimensions", "\(items.count)")
        }
        var numbers: [Int] = []
        for item in items {
            guard case .int(let number) = item, number >= 0 else {
                throw failure(.view, "\(what) from 0 on", noun(item))
            }
            numbers.append(number)
        }
        return numbers
    }

    /// Checks that a tensor lies within its storage.
    private func check(_ view: TorchView) throws(CheckpointError) {
        guard view.shape.count == view.strides.count else {
            throw failure(.view, "as many strides as sizes", "\(view.strides.count) and \(view.shape.count)")
        }
        let width = view.type.bitCount / 8
        let held = storages[view.storage].byteCount
        // Dimensions of 0 are left out at first, so that no order of multiplication overflows.
        var bytes = width
        var last = view.offset
        for (size, stride) in zip(view.shape, view.strides) where size > 0 {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
            let (reach, far) = (size - 1).multipliedReportingOverflow(by: stride)
            let (sum, beyond) = last.addingReportingOverflow(reach)
            guard !overflow, !far, !beyond else {
                throw failure(.view, "sizes and strides below 2^63", "\(view.shape), \(view.strides)")
            }
            (bytes, last) = (product, sum)
        }
        let isEmpty = view.shape.contains(0)
        guard view.offset >= 0, isEmpty ? view.offset <= held / width : last < held / width else {
            throw failure(
                .view, "a tensor within the \(held) bytes of its storage",
                "\(view.type.rawValue) \(view.shape) from element \(view.offset) on with strides \(view.strides)")
        }
        guard isEmpty || bytes <= max(held, PyTorchLimits.expandedByteCount) else {
            throw failure(
                .limit, "a tensor no larger than its storage, or of \(PyTorchLimits.expandedByteCount) bytes",
                "\(bytes)")
        }
    }
}
