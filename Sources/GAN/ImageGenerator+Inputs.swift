import TensorCore

extension ImageGenerator {
    /// Checks everything that a pass is given.
    func checked(_ latents: Tensor, _ options: GenerationOptions) throws(GANError) -> GeneratorInput {
        let rows = try checked(latents)
        let count = rows.shape[0]
        var input = GeneratorInput(latents: rows, classes: try checkedClasses(options.classes, count: count))
        input.truncation = try checkedTruncation(options)
        input.cutoff = options.truncationCutoff
        if let mixing = options.mixing {
            guard case .styleGAN2 = family else {
                throw .input(expected: "no mixing of styles: \(architecture) has none", found: "latents to mix in")
            }
            guard mixing.latents.shape.first == count else {
                throw .input(expected: "\(count) latents to mix in", found: "\(mixing.latents.shape)")
            }
            guard (0...styleCount).contains(mixing.layer) else {
                throw .input(expected: "a style to mix from in 0...\(styleCount)", found: "\(mixing.layer)")
            }
            input.mixing = (try checked(mixing.latents), mixing.layer)
        }
        return input
    }

    private func checked(_ latents: Tensor) throws(GANError) -> Tensor {
        let shape = latents.shape
        guard latents.dtype == .float32, shape.rank == 2 || shape.rank == 4 && shape[2] == 1 && shape[3] == 1,
            shape[1] == latentSize
        else {
            throw .input(
                expected: "fp32 latents [batch, \(latentSize)] or [batch, \(latentSize), 1, 1]",
                found: "\(latents.dtype.rawValue) \(shape)")
        }
        if let index = latents.firstNonFinite {
            throw .input(expected: "finite latents", found: "a value that is not (index \(index))")
        }
        return latents.reshaped(to: Shape(shape[0], latentSize))
    }

    private func checkedClasses(_ classes: [Int]?, count: Int) throws(GANError) -> [Int] {
        guard classCount > 0 else {
            guard classes == nil else {
                throw .input(expected: "no classes: the generator has none", found: "\(classes?.count ?? 0) classes")
            }
            return []
        }
        guard let classes, classes.count == count else {
            throw .input(
                expected: "a class for each of \(count) images", found: "\(classes.map { "\($0.count)" } ?? "none")")
        }
        if let wrong = classes.first(where: { !(0..<classCount).contains($0) }) {
            throw .input(expected: "classes in 0...\(classCount - 1)", found: "\(wrong)")
        }
        return classes
    }

    private func checkedTruncation(_ options: GenerationOptions) throws(GANError) -> Double? {
        let found = options.truncation.map { "\($0)" } ?? "none"
        switch truncation {
        case .none:
            guard options.truncation == nil else {
                throw .input(expected: "no truncation: \(architecture) has none", found: found)
            }
        case .statistics:
            guard let value = options.truncation, value > 0, value <= 1 else {
                throw .input(expected: "a truncation above 0 and up to 1", found: found)
            }
            if let refusal = network.refusal(truncation: value) { throw .input(expected: refusal, found: found) }
        case .average:
            guard options.truncation?.magnitude ?? 0 <= 1000 else {
                throw .input(expected: "a truncation in -1000...1000", found: found)
            }
        case .noAverage:
            guard options.truncation ?? 1 == 1 else {
                throw .input(expected: "a truncation of 1, as the checkpoint has no average of styles", found: found)
            }
        }
        if let cutoff = options.truncationCutoff {
            guard case .average(let layers) = truncation, (0...layers).contains(cutoff) else {
                throw .input(expected: "a number of truncated styles in 0...\(styleCount)", found: "\(cutoff)")
            }
        }
        return options.truncation
    }

    /// The pictures of noise for some of the images.
    func noise(_ mode: NoiseMode, _ images: Range<Int>) throws(GANError) -> GeneratorInput.Noise {
        let sides = network.noiseSides
        switch mode {
        case .constant: return .constant
        case .none:
            guard !sides.isEmpty else { break }
            return .none
        case .random(let normals):
            guard !sides.isEmpty else { break }
            var pictures = sides.map { Tensor(zeros: Shape(images.count, $0 * $0)) }
            for (row, image) in images.enumerated() {
                for (layer, side) in sides.enumerated() {
                    let values = normals(image, side * side)
                    guard values.count == side * side, values.allSatisfy(\.isFinite) else {
                        throw .input(
                            expected: "\(side * side) finite values of noise", found: "\(values.count) values")
                    }
                    pictures[layer].withMutableFloats { target in
                        _ = target[(row * values.count)...].update(fromContentsOf: values)
                    }
                }
            }
            return .given(pictures)
        }
        throw .input(expected: "no noise mode: \(architecture) adds no noise", found: "another than the constant one")
    }
}
