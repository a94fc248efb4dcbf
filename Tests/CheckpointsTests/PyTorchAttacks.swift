import Checkpoints
import Testing

/// Hand-made PyTorch files, and the rule that each breaks.
struct PyTorchAttack: Sendable, CustomTestStringConvertible {
    var what: String
    var rule: PyTorchError.Rule
    var bytes: [UInt8]

    var testDescription: String { "\(rule.rawValue): \(what)" }

    /// A pickle in an archive.
    private static func pickle(_ rule: PyTorchError.Rule, _ what: String, _ bytes: [UInt8]) -> PyTorchAttack {
        PyTorchAttack(what: what, rule: rule, bytes: HandMadeZip.torch(bytes).bytes)
    }

    /// A pickle whose weights `a` are what `build` leaves on the stack.
    private static func value(
        _ rule: PyTorchError.Rule, _ what: String, _ build: (inout HandMadePickle) -> Void
    ) -> PyTorchAttack {
        pickle(rule, what, HandMadePickle.weights(build))
    }

    private static func zip(
        _ rule: PyTorchError.Rule, _ what: String, _ change: (inout HandMadeZip) -> Void
    ) -> PyTorchAttack {
        var zip = HandMadeZip.torch(HandMadePickle.weights { $0.tensor() })
        change(&zip)
        return PyTorchAttack(what: what, rule: rule, bytes: zip.bytes)
    }

    private static func legacy(_ rule: PyTorchError.Rule, _ what: String, _ bytes: [UInt8]) -> PyTorchAttack {
        PyTorchAttack(what: what, rule: rule, bytes: bytes)
    }

    static let all: [PyTorchAttack] = code + operations + tensors + archives + legacies

    /// Names that would run code: those of published attacks, and near misses of the allow-list.
    static let code: [PyTorchAttack] =
        [
            ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("builtins", "exec"),
            ("builtins", "getattr"), ("__builtin__", "__import__"), ("subprocess", "Popen"), ("runpy", "_run_code"),
            ("torch", "load"), ("torch.hub", "load"), ("torch.storage", "_load_from_bytes"), ("pip", "main"),
            ("torch._utils", "_rebuild_tensor_v2 "), ("torch._utils", "_rebuild_qtensor"), ("operator", "attrgetter"),
            ("torch._utils", "_rebuild_sparse_tensor"), ("copyreg", "_reconstructor"), ("torch", "FloatStorage.x"),
            ("functools", "partial"), ("torch.jit", "_load"), ("collections", "OrderedDict.__class__"), ("", ""),
            ("numpy", "load"), ("codecs", "open"), ("io", "open"), ("importlib", "import_module"), ("socket", "socket"),
        ].map { module, name in
            value(.global, "\(module).\(name)") { pickle in
                pickle.global(module, name)
                pickle.op("(")
                pickle.text("id")
                pickle.op("tR")
            }
        } + [
            value(.global, "the same by STACK_GLOBAL") { pickle in
                pickle.text("os")
                pickle.text("system")
                pickle.raw([0x93])
            },
            value(.global, "a string that is called") { pickle in
                pickle.text("os.system")
                pickle.op(")R")
            },
            value(.global, "an object of a function") { pickle in
                pickle.global("torch._utils", "_rebuild_tensor_v2")
                pickle.op(")")
                pickle.raw([0x81])
            },
            value(.global, "a call of a storage's class") { pickle in
                pickle.global("torch", "FloatStorage")
                pickle.op(")R")
            },
            value(.opcode, "INST, which names and calls") { $0.op("(ios\nsystem\n") },
            value(.opcode, "OBJ") { $0.op("(o") },
            value(.opcode, "NEWOBJ_EX") { $0.raw([0x92]) },
            value(.opcode, "EXT1, a name by number") { $0.raw([0x82, 1]) },
            value(.opcode, "PERSID") { $0.op("Pkey\n") },
            value(.opcode, "NEXT_BUFFER") { $0.raw([0x97]) },
            value(.opcode, "text operations of protocol 0") { $0.op("I1\n") },
            value(.opcode, "an unknown operation") { $0.raw([0xFF]) },
            value(.opcode, "a second PROTO") { $0.raw([0x80, 2]) },
        ]

    /// Operations that do not find what they need.
    static let operations: [PyTorchAttack] = [
        // CVE-2026-24747: items set on what is no dictionary.
        value(.stack, "SETITEM on a tensor") { pickle in
            pickle.tensor()
            pickle.int(0)
            pickle.int(1)
            pickle.op("s")
        },
        value(.stack, "SETITEMS on a list") { $0.op("](NNu") },
        value(.stack, "SETITEMS on a storage") { pickle in
            pickle.storage()
            pickle.op("(NNu")
        },
        value(.stack, "SETITEMS of an odd number") { $0.op("}(NNNu") },
        value(.stack, "APPEND to a dictionary") { $0.op("}Na") },
        value(.stack, "APPENDS to a tuple") { $0.op(")(Ne") },
        value(.stack, "ADDITEMS to a list") { pickle in
            pickle.op("](N")
            pickle.raw([0x90])
        },
        value(.stack, "BUILD of a tensor") { pickle in
            pickle.tensor()
            pickle.op(")b")
        },
        value(.stack, "BUILD of a number") { $0.op("K\u{1})b") },
        value(.arguments, "BUILD of a dictionary by a tuple") { $0.op("})b") },
        pickle(.stack, "an empty stack at the end", [0x80, 2, 0x2E]),
        pickle(.stack, "two values at the end", HandMadePickle.made { $0.op("NN") }),
        pickle(.stack, "a mark at the end", HandMadePickle.made { $0.op("N(") }),
        pickle(
            .stack, "a value below the mark",
            HandMadePickle.made { pickle in
                pickle.op("N(")
                pickle.raw([0x85])
            }),
        pickle(.stack, "no mark", HandMadePickle.made { $0.op("t") }),
        pickle(.stack, "an empty memo", HandMadePickle.made { $0.op("h\u{7}") }),
        pickle(.stack, "nothing to remember", HandMadePickle.made { $0.op("q\u{7}") }),
        value(.arguments, "REDUCE with a list") { pickle in
            pickle.global("collections", "OrderedDict")
            pickle.op("]R")
        },
        value(.arguments, "REDUCE without arguments") { pickle in
            pickle.global("torch._utils", "_rebuild_tensor_v2")
            pickle.op(")R")
        },
        value(.arguments, "a parameter of a number") { pickle in
            pickle.global("torch._utils", "_rebuild_parameter")
            pickle.op("(NNNtR")
        },
        value(.arguments, "bytes of characters beyond latin1") { pickle in
            pickle.global("_codecs", "encode")
            pickle.op("(")
            pickle.text("\u{100}")
            pickle.text("latin1")
            pickle.op("tR")
        },
        value(.arguments, "a text that is not UTF-8") { $0.raw([0x58, 1, 0, 0, 0, 0xFF]) },
        value(.truncated, "a text longer than the file") { $0.raw([0x58, 0xFF, 0, 0, 0]) },
        value(.limit, "a text of 2^63 bytes") { $0.raw([0x8D, 0, 0, 0, 0, 0, 0, 0, 0x80]) },
        value(.limit, "bytes of 4 GiB") { $0.raw([0x42, 0xFF, 0xFF, 0xFF, 0xFF]) },
        value(.limit, "a name of 300 characters") { $0.global(String(repeating: "m", count: 300), "n") },
        pickle(.format, "protocol 1", [0x80, 1, 0x4E, 0x2E]),
        pickle(.format, "protocol 6", [0x80, 6, 0x4E, 0x2E]),
        pickle(.format, "no protocol", [0x4E, 0x2E]),
        pickle(.format, "bytes behind the end", HandMadePickle.weights { $0.tensor() } + [0]),
        pickle(.contents, "None", HandMadePickle.made { $0.op("N") }),
        pickle(.contents, "an empty dictionary", HandMadePickle.made { $0.op("}") }),
        pickle(
            .contents, "a dictionary that holds itself", HandMadePickle.made { $0.op("}q\u{1}X\u{1}\0\0\0ah\u{1}s") }),
        value(.contents, "a number in a tensor's place") { $0.int(1) },
        pickle(
            .contents, "a name twice",
            HandMadePickle.made { pickle in
                pickle.op("}(")
                for _ in 0..<2 {
                    pickle.text("a")
                    pickle.tensor()
                }
                pickle.op("u")
            }),
        pickle(
            .contents, "a key that is no text",
            HandMadePickle.made { pickle in
                pickle.op("}N")
                pickle.tensor()
                pickle.op("s")
            }),
        pickle(.contents, "wrappers in a circle", HandMadePickle.made { $0.op("}q\u{1}X\u{5}\0\0\0modelh\u{1}s") }),
        pickle(.limit, "two million lists", HandMadePickle.made { $0.raw([UInt8](repeating: 0x5D, count: 2_200_000)) }),
        pickle(.limit, "two million marks", HandMadePickle.made { $0.raw([UInt8](repeating: 0x28, count: 2_200_000)) }),
        pickle(
            .contents, "a tuple a million deep",
            HandMadePickle.made { pickle in
                pickle.op(")")
                pickle.raw([UInt8](repeating: 0x85, count: 1_000_000))
            }),
        value(.limit, "a list of pairs copied again and again") { pickle in
            pickle.op("](")
            for _ in 0..<1000 {
                pickle.op("NN")
                pickle.raw([0x86])
            }
            pickle.op("eq\u{1}")
            pickle.global("collections", "OrderedDict")
            pickle.op("q\u{2}")
            for _ in 0..<20_000 {
                pickle.op("h\u{2}h\u{1}")
                pickle.raw([0x85])
                pickle.op("R")
            }
        },
    ]

    /// Tensors that do not lie within their storage, and storages that are not what the archive holds.
    static let tensors: [PyTorchAttack] =
        [
            ("one element beyond", [2, 3], [3, 1], 1), ("a stride beyond", [2, 3], [4, 1], 0),
            ("an offset beyond", [1], [1], 6), ("nothing beyond the end", [0], [1], 7),
            ("2^62 as an offset", [1], [1], 1 << 62),
            ("a size that overflows", [1 << 62, 4], [0, 0], 0), ("a stride that overflows", [3, 1], [1 << 62, 1], 0),
            ("sizes whose product is 2^64", [1 << 32, 1 << 32], [0, 0], 0),
            ("a sum that overflows", [2, 2], [.max, .max], 0),
            ("fewer strides than sizes", [2, 3], [1], 0), ("a negative size", [-1], [1], 0),
            ("a negative stride", [2], [-1], 1),
            ("a negative offset", [1], [1], -1),
        ].map { what, shape, strides, offset in
            value(.view, what) { $0.tensor(shape, strides, offset: offset) }
        } + [
            value(.limit, "one value that stands for 2^40") { $0.tensor([1 << 40], [0]) },
            value(.limit, "nine dimensions") {
                $0.tensor([Int](repeating: 1, count: 9), [Int](repeating: 1, count: 9))
            },
            // CVE-2026-24747: a storage larger or smaller than its record.
            value(.storage, "a storage larger than its record") { $0.tensor(count: 7) },
            value(.storage, "a storage smaller than its record") { $0.tensor([1], [1], count: 5) },
            value(.storage, "a storage of negative size") { $0.tensor([0], [1], count: -1) },
            value(.storage, "a storage of 2^62 floats") { $0.tensor([1], [1], count: 1 << 62) },
            value(.storage, "a storage without a record") { $0.storage(key: "1") },
            value(.storage, "a key that leads elsewhere") { $0.storage(key: "../version") },
            value(.storage, "something else than a storage") { $0.storage(tag: "module") },
            value(.storage, "a storage of the legacy format") { $0.storage(legacy: true) },
            value(.storage, "one storage with two types") { pickle in
                pickle.storage()
                pickle.storage("LongStorage", count: 3)
                pickle.raw([0x86])
            },
            value(.arguments, "a persistent id that is no tuple") { $0.op("NQ") },
            value(.arguments, "a tensor of a tensor") { pickle in
                pickle.global("torch._utils", "_rebuild_tensor_v2")
                pickle.op("(")
                pickle.tensor()
                pickle.op("K\0)))NtR")
            },
            value(.view, "a size that is a text") { pickle in
                pickle.global("torch._utils", "_rebuild_tensor")
                pickle.op("(")
                pickle.storage()
                pickle.op("K\0(")
                pickle.text("1")
                pickle.op("t(K\u{1}ttR")
            },
        ]

    static let archives: [PyTorchAttack] = [
        zip(.archive, "a compressed record") { $0.records[2].method = 8 },
        zip(.archive, "two sizes of one record") { $0.records[2].sizes = (24, 25) },
        zip(.archive, "an encrypted record") { $0.records[2].flags = 0x801 },
        zip(.archive, "a record twice") { $0.records.append($0.records[2]) },
        zip(.archive, "a record's header of another name") { $0.records[2].ownName = "x/data/1" },
        zip(.archive, "a record with another's header") { $0.records[2].offset = 0 },
        zip(.archive, "a record within another") { zip in
            let inner = HandMadeZip(records: [zip.records[2]]).bytes.prefix(30 + 8 + 24)
            zip.records.insert(HandMadeZip.Record(name: "x/pad", bytes: Array(inner)), at: 0)
            zip.records[3].offset = 30 + 5
        },
        zip(.archive, "a record in the directory") { $0.records[2].offset = 1 << 20 },
        zip(.archive, "a record longer than the file") { $0.records[2].sizes = (1 << 9, 1 << 9) },
        zip(.archive, "a record of 4 GiB") { $0.records[2].sizes = (0xFFFF_FFFE, 0xFFFF_FFFE) },
        zip(.archive, "a wide size that is missing") { $0.records[2].sizes = (0xFFFF_FFFF, 0xFFFF_FFFF) },
        zip(.archive, "fewer records than there are") { $0.count = 2 },
        zip(.truncated, "more records than there are") { $0.count = 4 },
        zip(.archive, "a directory elsewhere") { $0.directoryOffset = 3 },
        zip(.archive, "a directory of another size") { $0.directoryByteCount = 1 },
        zip(.archive, "a directory beyond the file") { $0.directoryOffset = 1 << 30 },
        zip(.checksum, "a record of another checksum") { $0.records[0].checksum = 1 },
        zip(.format, "a record outside the folder") { $0.records[2].name = "../data/0" },
        zip(.format, "no folder") { $0.records[0].name = "data.pkl" },
        zip(.format, "no pickle") { $0.records[0].name = "x/other.pkl" },
        zip(.format, "no version") { $0.records[1].name = "x/other" },
        zip(.format, "version 11") { $0.records[1].bytes = Array("11\n".utf8) },
        zip(.format, "no number as version") { $0.records[1].bytes = Array("x".utf8) },
        zip(.format, "a long version") { $0.records[1].bytes = [UInt8](repeating: 0x33, count: 100) },
        zip(.format, "big-endian data") {
            $0.records.append(HandMadeZip.Record(name: "x/byteorder", bytes: Array("big".utf8)))
        },
        zip(.format, "a TorchScript program") {
            $0.records.append(HandMadeZip.Record(name: "x/constants.pkl", bytes: []))
        },
        PyTorchAttack(what: "an archive's start only", rule: .archive, bytes: [0x50, 0x4B, 3, 4]),
        PyTorchAttack(what: "bytes behind the archive", rule: .archive, bytes: HandMadeZip.torch([]).bytes + [0]),
    ]

    static let legacies: [PyTorchAttack] = [
        legacy(.format, "a file of nothing", []),
        legacy(.format, "a file of text", Array("version https://git-lfs".utf8)),
        legacy(.format, "the tar format", [UInt8](repeating: 0x61, count: 257) + Array("ustar".utf8)),
        legacy(.format, "any pickle", HandMadePickle.made { $0.op("N") }),
        legacy(.format, "another magic number", HandMadeLegacy.file(magic: HandMadePickle.made { $0.int(1) })),
        legacy(.format, "another version", HandMadeLegacy.file(version: HandMadePickle.made { $0.int(1002) })),
        legacy(.format, "no facts of the machine", HandMadeLegacy.file(facts: HandMadePickle.made { $0.op("}") })),
        legacy(.storage, "keys of more storages", HandMadeLegacy.file(keys: HandMadeLegacy.keys(["0", "1"]))),
        legacy(.storage, "keys of other storages", HandMadeLegacy.file(keys: HandMadeLegacy.keys(["1"]))),
        legacy(.storage, "keys that are no list", HandMadeLegacy.file(keys: HandMadePickle.made { $0.op("N") })),
        legacy(.storage, "another number of elements", HandMadeLegacy.file(count: 5)),
        legacy(.storage, "2^64 - 1 elements", HandMadeLegacy.file(count: .max)),
        legacy(.truncated, "fewer bytes", HandMadeLegacy.file(data: [1, 2, 3])),
        legacy(.format, "more bytes", HandMadeLegacy.file(data: [UInt8](repeating: 1, count: 25))),
        legacy(
            .storage, "a storage of the zip format",
            HandMadeLegacy.file(object: HandMadePickle.weights { $0.tensor() })),
        legacy(
            .global, "a name that runs code (CVE-2025-32434)",
            HandMadeLegacy.file(
                object: HandMadePickle.weights { pickle in
                    pickle.global("os", "system")
                    pickle.op("(")
                    pickle.text("id")
                    pickle.op("tR")
                })),
    ]
}
