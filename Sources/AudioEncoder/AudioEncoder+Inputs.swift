public import TensorCore

extension AudioEncoder {
    /// A label and how well it fits a clip.
    public struct Prediction: Sendable, Equatable {
        /// The label.
        public var label: String
        /// The label's number.
        public var index: Int
        /// The probability, 0 to 1: after softmax over all labels, or, where the configuration says that a clip may be
        /// of several, after a sigmoid of its own.
        public var score: Float
        /// The value before softmax.
        public var logit: Float

        /// A prediction of the given parts.
        public init(label: String, index: Int, score: Float, logit: Float) {
            (self.label, self.index, self.score, self.logit) = (label, index, score, logit)
        }
    }

    /// What the network is fed for a clip, as the folder's feature extractor makes it.
    ///
    /// - Parameter samples: one channel at ``samplingRate``, -1 to 1.
    /// - Returns: `[1, samples]`.
    /// - Throws: ``AudioEncoderError/noPreprocessing(folder:expected:)``, a configuration's error, and
    ///   ``AudioEncoderError/input(expected:found:)`` for a sample that is not a number.
    public func inputValues(_ samples: [Float]) throws(AudioEncoderError) -> Tensor {
        let extractor = try featureExtractor()
        if let index = samples.firstIndex(where: { !$0.isFinite }) {
            throw .input(expected: "samples that are numbers", found: "\(samples[index]) at sample \(index)")
        }
        return Tensor(extractor.inputValues(samples), shape: Shape(1, samples.count))
    }

    /// A clip's embedding: the mean of its hidden states over the frames.
    ///
    /// - Parameters:
    ///   - samples: one channel at ``samplingRate``.
    ///   - layer: as of ``hiddenStates(_:attentionMask:layer:)``.
    /// - Returns: as many values as a hidden state is wide.
    /// - Throws: ``AudioEncoderError``.
    public func embed(_ samples: [Float], layer: Int? = nil) throws(AudioEncoderError) -> [Float] {
        let states = try hiddenStates(inputValues(samples), layer: layer)
        return runtime.withWorkspace { ws in ws.meanOverPixels(states).floats }
    }

    /// The labels of a clip, best first; of equal ones the lower number first.
    ///
    /// - Parameter samples: one channel at ``samplingRate``.
    /// - Returns: all labels.
    /// - Throws: ``AudioEncoderError``, where the model has no head for classification
    ///   ``AudioEncoderError/noHead(folder:expected:)``.
    public func classify(_ samples: [Float]) throws(AudioEncoderError) -> [Prediction] {
        guard case .classification(let labels) = head, let logitLayers else {
            throw .noHead(folder: folder, expected: "classification")
        }
        let logits = try logits(inputValues(samples)).floats
        let scores = logitLayers.probabilities(logits)
        let order = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
        return order.map { Prediction(label: labels[$0], index: $0, score: scores[$0], logit: logits[$0]) }
    }
}
