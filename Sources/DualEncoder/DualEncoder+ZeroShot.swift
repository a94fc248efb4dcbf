import Glibc
public import Media
public import TensorCore

extension DualEncoder {
    /// A label and how well it fits an image.
    public struct Prediction: Sendable, Equatable {
        /// The label.
        public var label: String
        /// The label's number in the list that was asked for.
        public var index: Int
        /// The probability, 0 to 1: after softmax over all labels, or where the model ``DualEncoder/hasSigmoid``, of
        /// this label by itself.
        public var score: Float
        /// The scaled similarity before softmax or sigmoid.
        public var logit: Float

        /// A prediction of the given parts.
        public init(label: String, index: Int, score: Float, logit: Float) {
            (self.label, self.index, self.score, self.logit) = (label, index, score, logit)
        }
    }

    /// What a template holds in place of the label.
    public static let labelMark = "{}"

    /// One embedding a label, of all templates with the label in them: each is normalised, their mean is, too.
    ///
    /// open_clip's `build_zero_shot_classifier`.
    ///
    /// - Parameters:
    ///   - labels: at least one.
    ///   - templates: at least one text with ``labelMark`` where the label goes.
    ///   - truncates: whether a text longer than the context is cut; an error otherwise.
    /// - Returns: `[labels, embeddingWidth]`, rows of length 1.
    /// - Throws: ``DualEncoderError/input(expected:found:)`` for no labels, no templates, or a template without a place
    ///   for the label; ``DualEncoderError/tokenizer(_:)`` for a text that is too long.
    public func classMatrix(
        labels: [String], templates: [String], truncates: Bool = false
    ) throws(DualEncoderError) -> Tensor {
        guard !labels.isEmpty else { throw .input(expected: "at least one label", found: "none") }
        guard !templates.isEmpty else { throw .input(expected: "at least one template", found: "none") }
        let pieces = try templates.map { (template) throws(DualEncoderError) in try Self.pieces(template) }
        var matrix = Tensor(zeros: Shape(labels.count, embeddingWidth))
        let step = max(1, 1024 / templates.count)
        for first in stride(from: 0, to: labels.count, by: step) {
            let part = labels[first..<min(first + step, labels.count)]
            let texts = part.flatMap { label in pieces.map { $0.joined(separator: label) } }
            let embeddings = try embed(texts: texts, truncates: truncates)
            matrix.replaceRows(from: first, with: Self.means(embeddings, of: templates.count))
        }
        return matrix.normalizedRows()
    }

    /// The template's text before, between and after the marks. Canonically equal strings differ here: bytes decide.
    private static func pieces(_ template: String) throws(DualEncoderError) -> [String] {
        var pieces: [[UInt8]] = [[]]
        var bytes = Array(template.utf8)[...]
        let mark = Array(labelMark.utf8)
        while let first = bytes.first {
            if bytes.starts(with: mark) {
                pieces.append([])
                bytes = bytes.dropFirst(mark.count)
            } else {
                pieces[pieces.count - 1].append(first)
                bytes = bytes.dropFirst()
            }
        }
        guard pieces.count > 1 else {
            throw .input(expected: "a template with \(labelMark) in the label's place", found: "\"\(template)\"")
        }
        return pieces.map { String(decoding: $0, as: UTF8.self) }
    }

    /// The mean of every `count` rows.
    private static func means(_ rows: Tensor, of count: Int) -> Tensor {
        let width = rows.shape[1]
        return rows.withFloats { source in
            Tensor(shape: Shape(rows.shape[0] / count, width)) { values in
                for (index, value) in source.enumerated() {
                    values[index / (width * count) * width + index % width] += value / Float(count)
                }
            }
        }
    }

    /// The labels of each image, best first; of equal ones the lower number first.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - labels: at least one.
    ///   - templates: the texts that a label is put into, with ``labelMark`` in its place.
    /// - Returns: all labels for each image.
    /// - Throws: ``DualEncoderError``.
    public func classify(
        _ images: [Image], labels: [String], templates: [String] = ["a photo of a {}."]
    ) throws(DualEncoderError) -> [[Prediction]] {
        _ = try requireImageTower()
        let matrix = try classMatrix(labels: labels, templates: templates)
        guard !images.isEmpty else { return [] }
        return predictions(try embed(images: images), labels: labels, classMatrix: matrix)
    }

    /// The labels of each image, best first; of equal ones the lower number first.
    ///
    /// - Parameters:
    ///   - imageEmbeddings: `[n, embeddingWidth]`, normalised or not.
    ///   - labels: as many as the class matrix has rows.
    ///   - classMatrix: `[labels, embeddingWidth]`, as ``classMatrix(labels:templates:truncates:)`` gives it.
    /// - Returns: all labels for each image.
    /// - Precondition: widths and counts fit.
    public func predictions(_ imageEmbeddings: Tensor, labels: [String], classMatrix: Tensor) -> [[Prediction]] {
        precondition(labels.count == classMatrix.shape[0], "\(labels.count) labels for \(classMatrix.shape)")
        let logits = logitsPerImage(imageEmbeddings, classMatrix)
        return (0..<logits.shape[0]).map { row in
            let values = logits.rows(row..<row + 1).floats
            let scores = probabilities(values)
            let order = values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
            return order.map { Prediction(label: labels[$0], index: $0, score: scores[$0], logit: values[$0]) }
        }
    }

    /// The probabilities of one image's logits: a softmax, or sigmoids where the model ``hasSigmoid``.
    public func probabilities(_ logits: [Float]) -> [Float] {
        hasSigmoid ? logits.map { Float(1 / (1 + exp(-Double($0)))) } : softmaxProbabilities(logits)
    }
}
