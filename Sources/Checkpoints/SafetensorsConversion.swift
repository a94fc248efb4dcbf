import JSON
public import TensorCore

/// What a conversion to safetensors did.
public struct ConversionSummary: Sendable, Equatable {
    /// Tensors written.
    public var tensorCount: Int
    /// Bytes of the file.
    public var byteCount: Int
    /// The names that were left out since they are other names of the same tensor, with the name that was kept.
    public var dropped: [(name: String, kept: String)]

    /// Whether two conversions did the same.
    public static func == (left: ConversionSummary, right: ConversionSummary) -> Bool {
        left.tensorCount == right.tensorCount && left.byteCount == right.byteCount
            && left.dropped.elementsEqual(right.dropped) { $0 == $1 }
    }
}

extension Safetensors {
    /// Writes a checkpoint as one file, byte for byte what `safetensors.torch.save_file` writes of its tensors side by
    /// side, with the metadata `{"format": "pt"}`.
    ///
    /// The format forbids shared memory. Of several names of one whole tensor (tied weights) the first in the order of
    /// bytes is written, and the metadata say so of the others, as `save_model` of the reference does it. The reference
    /// drops parts of a written storage likewise, and refuses those of one that is not written whole; here each part is
    /// written as a tensor of its own, so that nothing is lost. Where there are several metadata, they are in the order
    /// of their names, which the reference leaves to chance.
    ///
    /// - Parameters:
    ///   - checkpoint: what to write.
    ///   - type: fp32, fp16 or bf16, for all tensors of floats; `nil` leaves every tensor as it is.
    ///   - path: the file, which appears when it is whole.
    ///   - isCancelled: asked between pieces; once it is true nothing is written.
    /// - Returns: what was done; `nil` where it was cancelled.
    /// - Throws: ``CheckpointError``.
    /// - Precondition: `type` is one of the three.
    public static func write(
        _ checkpoint: Checkpoint, as type: DType? = nil, to path: String, isCancelled: () -> Bool = { false }
    ) throws(CheckpointError) -> ConversionSummary? {
        let dropped = checkpoint.otherNames
        var metadata = ["format": "pt"]
        // A name that a reader would take for something else keeps what is there.
        for (name, kept) in dropped where metadata[name] == nil { metadata[name] = kept }
        let left = Set(dropped.map { ExactName($0.name) })
        var sources: [TensorPlan] = []
        var targets: [TensorPlan] = []
        for name in checkpoint.names where !left.contains(ExactName(name)) {
            guard let plan = checkpoint.plan(name) else { continue }
            sources.append(plan)
            targets.append(plan.converted(to: type))
        }
        let (header, order) = try layOut(targets, metadata, path)
        var written = header.count
        do {
            var file = try AtomicFile(path)
            try file.append(header)
            for index in order {
                let (source, target) = (sources[index], targets[index])
                var offset = 0
                while offset < source.byteCount {
                    if isCancelled() { return nil }
                    let piece = try checkpoint.piece(source, at: offset, count: min(1 << 22, source.byteCount - offset))
                    offset += piece.count
                    let bytes = source.type == target.type ? piece : convert(piece, source.type, target.type)
                    written += bytes.count
                    try file.append(bytes)
                }
            }
            try file.commit()
        } catch let error as TensorReadError {
            throw .tensor(file: error.file, tensor: error.tensor, reason: error.reason)
        } catch let error as FileError {
            throw .file(error)
        } catch {
            throw .tensor(file: path, tensor: "", reason: "\(error)")
        }
        return ConversionSummary(tensorCount: order.count, byteCount: written, dropped: dropped)
    }

    /// Stored values as others; both types can be read.
    private static func convert(_ bytes: [UInt8], _ source: StoredType, _ target: StoredType) -> [UInt8] {
        guard let from = source.dtype, let to = target.dtype else { return bytes }
        return Tensor(bytes: bytes, dtype: from, shape: Shape([bytes.count / from.byteCount])).converted(to: to).bytes
    }
}

/// A name as a key by its bytes.
struct ExactName: Hashable {
    let bytes: [UInt8]
    init(_ name: String) { bytes = Array(name.utf8) }
}

extension Safetensors.TensorPlan {
    /// The tensor as it is after the conversion.
    fileprivate func converted(to type: DType?) -> Self {
        guard let type, let own = self.type.dtype, own.isFloatingWeight else { return self }
        var plan = self
        plan.type = StoredType(type)
        plan.byteCount = byteCount / own.byteCount * type.byteCount
        return plan
    }
}

extension Checkpoint {
    /// Names of whole tensors that have another name before them in the order of bytes, which is kept.
    var otherNames: [(name: String, kept: String)] {
        var dropped: [(name: String, kept: String)] = []
        for case .pytorch(let file) in shards {
            var first: [Int: PyTorchFile.Entry] = [:]
            for entry in file.entries where entry.offset == 0 && entry.byteCount == entry.storageByteCount {
                guard entry.byteCount > 0 else { continue }
                guard let kept = first[entry.storage] else {
                    first[entry.storage] = entry
                    continue
                }
                if kept.type == entry.type, kept.shape == entry.shape, kept.strides == entry.strides {
                    dropped.append((entry.name, kept.name))
                }
            }
        }
        return dropped.sorted { $0.name.precedesByBytes($1.name) }
    }

    /// Stored bytes of a tensor.
    func piece(
        _ plan: Safetensors.TensorPlan, at offset: Int, count: Int
    ) throws(TensorReadError) -> [UInt8] {
        var failure: TensorReadError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(TensorReadError) {
                let raw = UnsafeMutableRawBufferPointer(buffer)
                try readStored(plan.name, at: offset, into: UnsafeMutableRawBufferPointer(rebasing: raw[..<count]))
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
