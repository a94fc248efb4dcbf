import JSON

extension PickleMachine {
    /// The longest name of a module or class, in bytes.
    private static let nameLimit = 256

    /// Carries out one operation other than STOP.
    mutating func carryOut(_ opcode: Opcode) throws(CheckpointError) {
        switch opcode {
        // The protocol stands once, at the start.
        case .proto, .stop: throw failure(.opcode, "an operation after the first", "PROTO")
        // A frame's length only says how far one may read ahead.
        case .frame: try reader.skip(8)
        case .mark: try mark()
        case .none: try push(.none)
        case .newTrue: try push(.bool(true))
        case .newFalse: try push(.bool(false))
        case .binInt: try push(.int(Int(Int32(truncatingIfNeeded: try reader.unsigned(4)))))
        case .binInt1: try push(.int(Int(try reader.unsigned(1))))
        case .binInt2: try push(.int(Int(try reader.unsigned(2))))
        case .long1: try pushLong(byteCount: try reader.unsigned(1))
        case .long4: try pushLong(byteCount: try reader.unsigned(4))
        case .binFloat: try push(.float(Double(bitPattern: try reader.unsigned(8).byteSwapped)))
        case .binString: try pushText(byteCount: try reader.unsigned(4), orBytes: true)
        case .shortBinString: try pushText(byteCount: try reader.unsigned(1), orBytes: true)
        case .binUnicode: try pushText(byteCount: try reader.unsigned(4))
        case .shortBinUnicode: try pushText(byteCount: try reader.unsigned(1))
        case .binUnicode8: try pushText(byteCount: try reader.unsigned(8))
        case .binBytes: try push(.bytes(try content(byteCount: try reader.unsigned(4))))
        case .shortBinBytes: try push(.bytes(try content(byteCount: try reader.unsigned(1))))
        case .binBytes8: try push(.bytes(try content(byteCount: try reader.unsigned(8))))
        case .emptyTuple: try pushObject(.tuple([]))
        case .tuple1: try pushTuple(1)
        case .tuple2: try pushTuple(2)
        case .tuple3: try pushTuple(3)
        case .tuple: try pushObject(.tuple(try popMark()))
        case .emptyList: try pushObject(.list([]))
        case .append: try append([try pop()])
        case .appends: try append(try popMark())
        case .emptyDictionary: try pushObject(.dictionary([]))
        case .setItem:
            let value = try pop()
            try setItems([try pop(), value])
        case .setItems: try setItems(try popMark())
        case .emptySet: try pushObject(.set)
        case .addItems:
            _ = try popMark()
            guard case .object(let index) = try top(), case .set = objects[index] else {
                throw failure(.stack, "a set to add to", noun(try top()))
            }
        case .frozenSet:
            _ = try popMark()
            try pushObject(.set)
        case .binGet: try recall(Int(try reader.unsigned(1)))
        case .longBinGet: try recall(Int(try reader.unsigned(4)))
        case .binPut: try remember(Int(try reader.unsigned(1)))
        case .longBinPut: try remember(Int(try reader.unsigned(4)))
        case .memoize: try remember()
        case .global:
            let module = String(decoding: try reader.line(limit: Self.nameLimit), as: UTF8.self)
            try pushGlobal(module, String(decoding: try reader.line(limit: Self.nameLimit), as: UTF8.self))
        case .stackGlobal:
            guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
                throw failure(.stack, "a module's name and one in it", "other values")
            }
            try pushGlobal(module, name)
        case .newObject: try makeObject()
        case .reduce: try reduce()
        case .build: try build()
        case .binPersistentID: try pushStorage(try pop())
        }
    }

    private mutating func content(byteCount: UInt64) throws(CheckpointError) -> [UInt8] {
        // What is left of the file bounds the memory; a pickle's own limit bounds what is left of it.
        guard byteCount <= UInt64(PyTorchLimits.pickleByteCount) else {
            throw failure(.limit, "at most \(PyTorchLimits.pickleByteCount) bytes in one value", "\(byteCount)")
        }
        return try reader.bytes(Int(byteCount))
    }

    private mutating func pushText(byteCount: UInt64, orBytes: Bool = false) throws(CheckpointError) {
        let content = try content(byteCount: byteCount)
        if let text = String(validating: content, as: UTF8.self) { return try push(.string(text)) }
        // Python 2 has one type for texts and bytes.
        guard orBytes else { throw failure(.arguments, "a text in UTF-8", "other bytes") }
        try push(.bytes(content))
    }

    private mutating func pushLong(byteCount: UInt64) throws(CheckpointError) {
        let content = try content(byteCount: byteCount)
        guard content.count <= 8 else { return try push(.wideInt(content)) }
        var bits: UInt64 = content.last.map { $0 >= 0x80 } == true ? .max : 0
        for byte in content.reversed() { bits = bits << 8 | UInt64(byte) }
        try push(.int(Int(Int64(bitPattern: bits))))
    }

    private mutating func pushTuple(_ count: Int) throws(CheckpointError) {
        var items: [PickleValue] = []
        for _ in 0..<count { items.append(try pop()) }
        try pushObject(.tuple(items.reversed()))
    }

    private mutating func append(_ items: [PickleValue]) throws(CheckpointError) {
        let target = try top()
        guard case .object(let index) = target, case .list = objects[index] else {
            throw failure(.stack, "a list to append to", noun(target))
        }
        try withObject(index) { object in
            guard case .list(var list) = object else { return }
            object = .set
            list.append(contentsOf: items)
            object = .list(list)
        }
    }

    private mutating func setItems(_ items: [PickleValue]) throws(CheckpointError) {
        let target = try top()
        guard case .object(let index) = target, case .dictionary = objects[index] else {
            throw failure(.stack, "a dictionary to set a key of", noun(target))
        }
        guard items.count % 2 == 0 else { throw failure(.stack, "keys and values in pairs", "\(items.count) of them") }
        try withObject(index) { object in
            guard case .dictionary(var pairs) = object else { return }
            object = .set
            for place in stride(from: 0, to: items.count, by: 2) {
                pairs.append((items[place], items[place + 1]))
            }
            object = .dictionary(pairs)
        }
    }

    private mutating func pushGlobal(_ module: String, _ name: String) throws(CheckpointError) {
        guard let global = PickleGlobal(module: module, name: name) else {
            throw failure(.global, "names of weights and plain data only", "\(module).\(name)".quoted)
        }
        try push(.global(global))
    }
}
