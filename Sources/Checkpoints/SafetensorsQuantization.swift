import JSON
import TensorCore

/// What writing a checkpoint in eight bits did.
public struct QuantizationSummary: Sendable, Equatable {
    /// Tensors that are held in eight bits now.
    public var matrixCount = 0
    /// Bytes of all weights as they were.
    public var bytesBefore = 0
    /// Bytes of the file.
    public var byteCount = 0

    /// Nothing done yet.
    public init() {}
}

extension Safetensors {
    /// What the scales of a tensor in eight bits are called: its own name and this.
    public static let scaleSuffix = "_scale"

    /// Writes a checkpoint as one file with some of its tensors in eight bits: `[N, ...]` integers of -127 ... 127 and,
    /// under the tensor's name and ``scaleSuffix``, `[N, 1]` factors in fp32, the largest magnitude of a row / 127.
    /// These are the names and shapes of compressed-tensors' `int-quantized` format with a scale a channel; integers
    /// and scales are those that `PackedMatrix.Form.int8` makes of the same weights.
    ///
    /// - Parameters:
    ///   - checkpoint: what to write.
    ///   - matrices: the names of the tensors that change, all of floats, with two dimensions or more.
    ///   - path: the file, which appears when it is whole.
    ///   - advance: told after each piece how many of the checkpoint's bytes it held; where it answers false nothing is
    ///     written.
    /// - Returns: what was done; `nil` where `advance` ended it.
    /// - Throws: ``CheckpointError``, also where a value that becomes an integer is not finite.
    public static func write(
        _ checkpoint: Checkpoint, inEightBits matrices: Set<String>, to path: String,
        advance: (Int) -> Bool = { _ in true }
    ) throws(CheckpointError) -> QuantizationSummary? {
        var parts: [Part] = []
        var targets: [TensorPlan] = []
        var summary = QuantizationSummary()
        let dropped = Set(checkpoint.otherNames.map { ExactName($0.name) })
        for name in checkpoint.names where !dropped.contains(ExactName(name)) {
            guard let plan = checkpoint.plan(name) else { continue }
            summary.bytesBefore += plan.byteCount
            guard matrices.contains(name), let type = plan.type.dtype, type.isFloatingWeight, plan.shape.count >= 2,
                plan.byteCount > 0
            else {
                parts.append(.copy(plan))
                targets.append(plan)
                continue
            }
            let rows = Rows(plan: plan, type: type, count: plan.shape[0])
            summary.matrixCount += 1
            parts.append(.scales(rows))
            targets.append(
                TensorPlan(name: name + scaleSuffix, type: .float32, shape: [rows.count, 1], byteCount: 4 * rows.count))
            parts.append(.integers(rows))
            targets.append(
                TensorPlan(name: name, type: .int8, shape: plan.shape, byteCount: plan.byteCount / type.byteCount))
        }
        let (header, order) = try layOut(targets, ["format": "pt"], path)
        do {
            var file = try AtomicFile(path)
            try file.append(header)
            summary.byteCount = header.count
            for index in order {
                let (part, size) = (parts[index], parts[index].plan.byteCount)
                // Whole rows, some megabytes of them.
                let row = part.rowBytes
                let step = max(1, (1 << 22) / row) * row
                for offset in stride(from: 0, to: size, by: step) {
                    let piece = try checkpoint.piece(part.plan, at: offset, count: min(step, size - offset))
                    let bytes = try part.target(of: piece, in: checkpoint.location)
                    try file.append(bytes)
                    summary.byteCount += bytes.count
                    guard advance(piece.count) else { return nil }
                }
            }
            try file.commit()
        } catch let error as TensorReadError {
            throw .tensor(file: error.file, tensor: error.tensor, reason: error.reason)
        } catch let error as FileError {
            throw .file(error)
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .tensor(file: path, tensor: "", reason: "\(error)")
        }
        return summary
    }

    /// A tensor seen row by row.
    private struct Rows {
        let plan: TensorPlan
        let type: DType
        let count: Int
    }

    /// What becomes of a tensor's bytes.
    private enum Part {
        case copy(TensorPlan)
        case scales(Rows)
        case integers(Rows)

        var plan: TensorPlan {
            switch self {
            case .copy(let plan): plan
            case .scales(let rows), .integers(let rows): rows.plan
            }
        }

        /// Bytes that cannot be cut.
        var rowBytes: Int {
            switch self {
            case .copy: 1
            case .scales(let rows), .integers(let rows): rows.plan.byteCount / rows.count
            }
        }

        /// What is written for whole rows of the tensor.
        func target(of piece: [UInt8], in location: String) throws(CheckpointError) -> [UInt8] {
            let (rows, wantsScales): (Rows, Bool)
            switch self {
            case .copy: return piece
            case .scales(let found): (rows, wantsScales) = (found, true)
            case .integers(let found): (rows, wantsScales) = (found, false)
            }
            let width = rowBytes / rows.type.byteCount
            let values = Tensor(bytes: piece, dtype: rows.type, shape: Shape(piece.count / rowBytes, width))
                .converted(to: .float32).floats
            var bytes: [UInt8] = []
            bytes.reserveCapacity(wantsScales ? values.count / width * 4 : values.count)
            for start in stride(from: 0, to: values.count, by: width) {
                let row = values[start..<start + width]
                var most: Float = 0
                for value in row {
                    guard value.isFinite else {
                        throw .tensor(
                            file: location, tensor: rows.plan.name,
                            reason: "a value is \(value), which no integer stands for")
                    }
                    most = max(most, value.magnitude)
                }
                let scale = most / 127
                if wantsScales {
                    withUnsafeBytes(of: scale.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
                } else {
                    let inverse = scale > 0 ? 1 / scale : 0
                    for value in row {
                        let bounded = min(max(value * inverse, -127), 127)
                        bytes.append(UInt8(bitPattern: Int8(bounded.rounded(.toNearestOrEven))))
                    }
                }
            }
            return bytes
        }
    }
}
