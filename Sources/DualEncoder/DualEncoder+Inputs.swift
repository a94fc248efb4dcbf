import JSON
public import Media
public import TensorCore
import Text

extension DualEncoder {
    /// Prepares images: resized, cropped and normalised as the checkpoint says.
    ///
    /// - Returns: `[images, 3, H, W]`.
    public func pixelValues(_ images: [Image]) throws(DualEncoderError) -> Tensor {
        let preprocessing = try preprocessing()
        let size = preprocessing.outputCount
        let shape = Shape(images.count, 3, preprocessing.outputHeight, preprocessing.outputWidth)
        return Tensor(shape: shape) { values in
            for (index, image) in images.enumerated() {
                preprocessing.write(
                    image, into: UnsafeMutableBufferPointer(rebasing: values[index * size..<(index + 1) * size]))
            }
        }
    }

    /// The token ids of texts as the family feeds them: with start and end, filled up to the longest text with the
    /// tokenizer's padding token (transformers' CLIP), to the context with 0 (OpenAI, open_clip), or to the context
    /// with the padding token (SigLIP).
    ///
    /// - Parameters:
    ///   - texts: of any number.
    ///   - truncates: whether a text longer than the context is cut as the reference cuts it.
    /// - Returns: 64-bit integers `[texts, T]`, and the mask, 0 for padding.
    /// - Throws: ``DualEncoderError/tokenizer(_:)`` for a text that is too long unless `truncates`.
    public func inputIDs(
        _ texts: [String], truncates: Bool = false
    ) throws(DualEncoderError) -> (inputIDs: Tensor, attentionMask: Tensor) {
        let tokenizer = try tokenizer()
        var rows: [[Int]] = []
        do throws(TokenizerError) {
            for text in texts {
                rows.append(try tokenizer.encode(text, limit: contextLength, truncates: truncates).ids)
            }
        } catch { throw .tokenizer(error) }
        let length: Int
        let fill: Int?
        switch padding {
        case .longest:
            // Filled up at the start, a text would change with the longest of its batch.
            guard !tokenizer.padsLeft else {
                throw .input(expected: "a tokenizer that fills texts up at their end", found: "padding_side left")
            }
            (length, fill) = (rows.map(\.count).max() ?? 1, tokenizer.paddingID)
        case .context(let id): (length, fill) = (contextLength, id ?? tokenizer.paddingID)
        }
        var ids: [Int64] = []
        var mask: [Int64] = []
        for row in rows {
            let missing = max(length, 1) - row.count
            guard missing == 0 || fill != nil else {
                throw .input(expected: "a tokenizer with a padding token, to fill texts up", found: "none in \(folder)")
            }
            let filler = [Int64](repeating: Int64(fill ?? 0), count: missing)
            let (shown, hidden) = ([Int64](repeating: 1, count: row.count), [Int64](repeating: 0, count: missing))
            ids += tokenizer.padsLeft ? filler + row.map(Int64.init) : row.map(Int64.init) + filler
            mask += tokenizer.padsLeft ? hidden + shown : shown + hidden
        }
        let shape = Shape(rows.count, max(length, 1))
        return (Tensor(integers: ids, shape: shape), Tensor(integers: mask, shape: shape))
    }

    /// Images' embeddings.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - normalized: whether each embedding has length 1.
    /// - Returns: `[images, embeddingWidth]`.
    /// - Throws: ``DualEncoderError``.
    public func embed(images: [Image], normalized: Bool = true) throws(DualEncoderError) -> Tensor {
        _ = try requireImageTower()
        var result = Tensor(zeros: Shape(images.count, embeddingWidth))
        // A few at a time: prepared images are larger than the files they come from.
        for first in stride(from: 0, to: images.count, by: Self.imagesAtATime) {
            let part = Array(images[first..<min(first + Self.imagesAtATime, images.count)])
            result.replaceRows(from: first, with: try imageEmbeddings(pixelValues(part)))
        }
        return normalized ? result.normalizedRows() : result
    }

    /// Texts' embeddings.
    ///
    /// - Parameters:
    ///   - texts: of any number.
    ///   - normalized: whether each embedding has length 1.
    ///   - truncates: whether a text longer than the context is cut; an error otherwise.
    /// - Returns: `[texts, embeddingWidth]`.
    /// - Throws: ``DualEncoderError``.
    public func embed(
        texts: [String], normalized: Bool = true, truncates: Bool = false
    ) throws(DualEncoderError) -> Tensor {
        _ = try requireTextTower()
        let masks = try hidesPadding()
        var result = Tensor(zeros: Shape(texts.count, embeddingWidth))
        for first in stride(from: 0, to: texts.count, by: Self.textsAtATime) {
            let part = Array(texts[first..<min(first + Self.textsAtATime, texts.count)])
            let inputs = try inputIDs(part, truncates: truncates)
            result.replaceRows(
                from: first,
                with: try textEmbeddings(inputs.inputIDs, attentionMask: masks ? inputs.attentionMask : nil))
        }
        return normalized ? result.normalizedRows() : result
    }

    private static let imagesAtATime = 16
    /// Texts that one pass takes.
    package static let textsAtATime = 1024
}

extension Tensor {
    /// Writes the rows of another matrix over some of this one's.
    mutating func replaceRows(from first: Int, with rows: Tensor) {
        let start = first * shape[1]
        withMutableFloats { target in
            rows.withFloats { source in _ = target[start...].update(fromContentsOf: source) }
        }
    }
}
