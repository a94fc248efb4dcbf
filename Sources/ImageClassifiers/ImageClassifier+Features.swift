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
                try pooledFeatures(pixelValues(part)).withFloats { source in
                    _ = values[(first * width)...].update(fromContentsOf: source)
                }
            }
        }
        if let index = result.firstNonFinite { throw .notFinite(output: "features", index: index) }
        return result
    }

    private func pooledFeatures(_ pixels: Tensor) throws(ImageClassifierError) -> Tensor {
        try check(pixels)
        return runtime.withWorkspace { ws in network.withoutMap(ws.channelsLast(pixels), ws).features.copied() }
    }

    /// Images that are prepared and computed together.
    func imagesAtATime() throws(ImageClassifierError) -> Int {
        let preprocessing = try preprocessing()
        return imagesAtATime(height: preprocessing.outputHeight, width: preprocessing.outputWidth)
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
