public import Media
public import TensorCore

extension ImageClassifier {
    /// Pooled features of images: what enters the last linear layer, one vector an image.
    ///
    /// - Parameter images: of any sizes and kinds.
    /// - Returns: `[images, features]`; the same bits for an image whatever the others.
    /// - Throws: ``ImageClassifierError``.
    public func features(_ images: [Image]) throws(ImageClassifierError) -> Tensor {
        let (step, width) = (try imagesAtATime(), try featureWidth())
        let result = try Tensor(shape: Shape(images.count, width)) { (values) throws(ImageClassifierError) in
            // A few at a time: their feature maps are larger than what is kept.
            for first in stride(from: 0, to: images.count, by: step) {
                let part = Array(images[first..<min(first + step, images.count)])
                try outputs(pixelValues(part)).features.withFloats { source in
                    _ = values[(first * width)...].update(fromContentsOf: source)
                }
            }
        }
        if let index = result.firstNonFinite { throw .notFinite(output: "features", index: index) }
        return result
    }

    /// Images that are prepared and computed together: small ones many, so that every layer has work for all threads.
    func imagesAtATime() throws(ImageClassifierError) -> Int {
        let preprocessing = try preprocessing()
        return max(1, 65_536 / max(preprocessing.outputHeight * preprocessing.outputWidth, 1))
    }

    /// The width of pooled features, found without computing.
    func featureWidth() throws(ImageClassifierError) -> Int {
        let preprocessing = try preprocessing()
        let (height, width) = (preprocessing.outputHeight, preprocessing.outputWidth)
        if let refusal = network.refusal(height: height, width: width) {
            throw .input(expected: "images with \(refusal)", found: "\(height) x \(width) after preprocessing")
        }
        var result = 0
        _ = runtime.plan { ws in
            let pixels = Tensor(zeros: Shape(1, network.channels, height, width))
            result = network(ws.channelsLast(pixels), ws).features.shape[1]
        }
        return result
    }
}
