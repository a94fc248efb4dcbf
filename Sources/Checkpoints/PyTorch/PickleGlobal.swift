/// The functions and classes that a pickle may name, and nothing else: each is known here by what its data mean, and
/// none is ever called.
///
/// They are those of weights (the list of `torch.load(weights_only=True)`), and of what the training scripts of
/// torchvision, timm, DeiT, Swin and their like keep beside them as plain data.
enum PickleGlobal: Sendable, Equatable {
    /// `collections.OrderedDict` and other dictionaries.
    case dictionary(String)
    /// `torch._utils._rebuild_tensor`, `_v2` and `_v3`.
    case rebuildTensor(version: Int)
    /// `torch._utils._rebuild_parameter` and `_rebuild_parameter_with_state`: a tensor that is trained.
    case rebuildParameter(String)
    /// `torch._tensor._rebuild_from_type_v2`: a tensor with attributes.
    case rebuildFromType
    /// A class of storages; `nil` is that of bytes without a type.
    case storage(StoredType?)
    /// An element type; `nil` where no tensor of it is read.
    case elementType(StoredType?, String)
    /// `torch.Tensor` and `torch.nn.parameter.Parameter`.
    case tensorClass(String)
    /// `_codecs.encode`, by which pickles of protocol 2 spell bytes.
    case encode
    /// A class or function whose result is kept as data that nobody reads.
    case data(String)

    /// What is known under a module's name, or `nil`.
    init?(module: String, name: String) {
        let path = "\(Self.modules[module] ?? module).\(name)"
        guard let known = Self.known[path] else { return nil }
        self = known
    }

    /// Names of modules that changed: Python 2 and older NumPy.
    private static let modules = [
        "__builtin__": "builtins", "numpy._core.multiarray": "numpy.core.multiarray",
        "numpy._core.numeric": "numpy.core.numeric", "torch.cuda": "torch",
    ]

    private static let known: [String: PickleGlobal] = {
        var table: [String: PickleGlobal] = [
            "torch._utils._rebuild_tensor": .rebuildTensor(version: 1),
            "torch._utils._rebuild_tensor_v2": .rebuildTensor(version: 2),
            "torch._utils._rebuild_tensor_v3": .rebuildTensor(version: 3),
            "torch._tensor._rebuild_from_type_v2": .rebuildFromType,
            "torch.storage.UntypedStorage": .storage(nil),
            "_codecs.encode": .encode,
        ]
        for name in ["_rebuild_parameter", "_rebuild_parameter_with_state"] {
            table["torch._utils.\(name)"] = .rebuildParameter(name)
        }
        for path in ["collections.OrderedDict", "collections.defaultdict", "collections.Counter", "builtins.dict"] {
            table[path] = .dictionary(path)
        }
        for path in ["torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.Parameter"] {
            table[path] = .tensorClass(path)
        }
        for (name, type) in storages { table["torch.\(name)Storage"] = .storage(type) }
        for (name, type) in elementTypes { table["torch.\(name)"] = .elementType(type, name) }
        for path in dataClasses { table[path] = .data(path) }
        return table
    }()

    /// PyTorch's classes of storages (`torch.FloatStorage` and so on).
    private static let storages: [(String, StoredType)] = [
        ("Double", .float64), ("Float", .float32), ("Half", .float16), ("BFloat16", .bfloat16), ("Long", .int64),
        ("Int", .int32), ("Short", .int16), ("Char", .int8), ("Byte", .uint8), ("Bool", .bool),
        ("ComplexFloat", .complex64),
    ]

    /// PyTorch's element types; those without a counterpart occur as data only.
    private static let elementTypes: [(String, StoredType?)] = [
        ("float64", .float64), ("float32", .float32), ("float16", .float16), ("bfloat16", .bfloat16),
        ("int64", .int64), ("int32", .int32), ("int16", .int16), ("int8", .int8), ("uint8", .uint8), ("bool", .bool),
        ("uint16", .uint16), ("uint32", .uint32), ("uint64", .uint64), ("complex64", .complex64),
        ("float8_e4m3fn", .float8e4m3), ("float8_e5m2", .float8e5m2), ("float8_e4m3fnuz", .float8e4m3fnuz),
        ("float8_e5m2fnuz", .float8e5m2fnuz), ("float8_e8m0fnu", .float8e8m0), ("complex128", nil),
        ("complex32", nil), ("qint8", nil), ("quint8", nil), ("qint32", nil),
    ]

    /// Classes and functions of plain data.
    private static let dataClasses = [
        "torch.Size", "torch.device", "torch.serialization._get_layout", "argparse.Namespace",
        "numpy.core.multiarray.scalar", "numpy.core.multiarray._reconstruct", "numpy.core.numeric._frombuffer",
        "numpy.dtype", "numpy.ndarray", "builtins.set", "builtins.frozenset", "builtins.bytearray",
        "builtins.complex", "builtins.list", "builtins.tuple", "builtins.int", "builtins.float", "builtins.str",
        "builtins.bool", "builtins.bytes", "builtins.slice", "builtins.range", "pathlib.PosixPath",
        "pathlib.PurePosixPath", "pathlib.Path", "datetime.datetime", "datetime.date", "datetime.time",
        "datetime.timedelta", "datetime.timezone",
    ]
}
