/// The order of a picture's channels in a network's input.
public enum ChannelOrder: Sendable, Equatable {
    /// Red, green, blue.
    case rgb
    /// Blue, green, red.
    case bgr
}

/// The steps from a decoded picture to the numbers a network is fed: resize, centre crop, scaling.
///
/// The arithmetic is that of the reference which the checkpoint's configuration belongs to, bit for bit: transformers'
/// Pillow processors after `load_image` (which turns the picture upright and converts it to RGB, dropping alpha),
/// timm's `create_transform`, and torchvision's presets.
public struct ImagePreprocessing: Sendable, Equatable {
    /// The size after resizing.
    public let resize: ResizeRule
    /// The filter of the resize.
    public let filter: ResizeFilter
    /// The crop; `nil` where `resize` gives the final size.
    public let crop: CenterCrop?
    /// How bytes become numbers.
    public let scaling: PixelScaling
    /// The order of the result's channels; means and deviations are red first whatever it is.
    public let order: ChannelOrder
    /// Whose resampling is reproduced.
    public let compatibility: PillowCompatibility
    /// What 16-bit grey pictures become.
    public let grey16: Image.Grey16Conversion

    /// Rows of the result.
    public let outputHeight: Int
    /// Columns of the result.
    public let outputWidth: Int

    /// The given steps, in the order resize, crop, scaling.
    ///
    /// - Parameters:
    ///   - resize: the size after resizing.
    ///   - filter: how pixels are weighed.
    ///   - crop: the part that is kept; `nil` keeps all.
    ///   - scaling: how bytes become numbers.
    ///   - order: of the result's channels.
    ///   - compatibility: whose resampling is reproduced.
    ///   - grey16: what 16-bit grey pictures become.
    /// - Returns: `nil` where the size of the result would depend on the picture: without a crop, only
    ///   ``ResizeRule/exact(height:width:)`` gives all pictures the same size.
    public init?(
        resize: ResizeRule, filter: ResizeFilter, crop: CenterCrop?, scaling: PixelScaling,
        order: ChannelOrder = .rgb, compatibility: PillowCompatibility = .v12, grey16: Image.Grey16Conversion = .pillow
    ) {
        if let crop {
            (outputHeight, outputWidth) = (crop.height, crop.width)
        } else if case .exact(let height, let width) = resize {
            (outputHeight, outputWidth) = (height, width)
        } else {
            return nil
        }
        self.resize = resize
        self.filter = filter
        self.crop = crop
        self.scaling = scaling
        self.order = order
        self.compatibility = compatibility
        self.grey16 = grey16
    }

    /// Steps that end with a crop, which fixes the size of the result.
    init(resize: ResizeRule, filter: ResizeFilter, fixedCrop crop: CenterCrop, scaling: PixelScaling) {
        (self.resize, self.filter, self.crop, self.scaling) = (resize, filter, crop, scaling)
        (outputHeight, outputWidth) = (crop.height, crop.width)
        (order, compatibility, grey16) = (.rgb, .v12, .pillow)
    }

    /// The same steps with another Pillow's order of passes, or another conversion of 16-bit grey.
    public func with(compatibility: PillowCompatibility? = nil, grey16: Image.Grey16Conversion? = nil) -> Self {
        Self(self, compatibility ?? self.compatibility, grey16 ?? self.grey16)
    }

    private init(_ other: Self, _ compatibility: PillowCompatibility, _ grey16: Image.Grey16Conversion) {
        (resize, filter, crop, scaling) = (other.resize, other.filter, other.crop, other.scaling)
        (outputHeight, outputWidth, order) = (other.outputHeight, other.outputWidth, other.order)
        self.compatibility = compatibility
        self.grey16 = grey16
    }

    /// The numbers in one picture's input: `3 * outputHeight * outputWidth`.
    public var outputCount: Int { 3 * outputHeight * outputWidth }

    /// The network's input for one picture: `[3, outputHeight, outputWidth]`, in ``order``.
    public func callAsFunction(_ image: Image) -> [Float] {
        [Float](unsafeUninitializedCapacity: outputCount) { buffer, count in
            write(image, into: UnsafeMutableBufferPointer(rebasing: buffer[0..<outputCount]))
            count = outputCount
        }
    }

    /// Writes the network's input for one picture, `[3, outputHeight, outputWidth]`, into a part of a batch.
    ///
    /// - Precondition: `out.count` is ``outputCount``.
    public func write(_ image: Image, into out: UnsafeMutableBufferPointer<Float>) {
        precondition(out.count == outputCount, "ImagePreprocessing: \(out.count) numbers, not \(outputCount)")
        let source = image.rgb(grey16: grey16)
        let size = resize.size(height: source.height, width: source.width)
        let rows = placement(of: outputHeight, in: size.height)
        let columns = placement(of: outputWidth, in: size.width)
        if rows.source.count < outputHeight || columns.source.count < outputWidth { fill(out) }
        if rows.source.isEmpty || columns.source.isEmpty { return }
        let resampler = Resampler(
            filter: filter, compatibility: compatibility, newWidth: size.width, newHeight: size.height,
            box: (0, 0, Float(source.width), Float(source.height)),
            window: PixelWindow(rows: rows.source, columns: columns.source))
        scale(resampler.apply(source), top: rows.offset, left: columns.offset, into: out)
    }

    /// The part of an axis of the resized picture that is kept, and where in the result it starts.
    private func placement(of output: Int, in size: Int) -> (source: Range<Int>, offset: Int) {
        let origin = crop?.rounding.origin(of: output, in: size) ?? 0
        let start = max(origin, 0)
        return (start..<max(start, min(origin + output, size)), max(-origin, 0))
    }

    /// Gives every pixel the padding's colour.
    private func fill(_ out: UnsafeMutableBufferPointer<Float>) {
        let colour = crop?.fill ?? [0, 0, 0]
        let plane = outputHeight * outputWidth
        for channel in 0..<3 {
            let source = sourceChannel(channel)
            let value = scaling.table[256 * source + Int(colour[source])]
            out[channel * plane..<(channel + 1) * plane].update(repeating: value)
        }
    }

    /// The channel of the picture, red first, that becomes one of the result.
    private func sourceChannel(_ channel: Int) -> Int { order == .rgb ? channel : 2 - channel }

    /// Looks up the numbers of an RGB picture that lies at `top`, `left` of the result.
    private func scale(_ image: Image, top: Int, left: Int, into out: UnsafeMutableBufferPointer<Float>) {
        precondition(top + image.height <= outputHeight && left + image.width <= outputWidth)
        image.bytes.withUnsafeBufferPointer { bytes in
            scaling.table.withUnsafeBufferPointer { table in
                for channel in 0..<3 {
                    let source = sourceChannel(channel)
                    for row in 0..<image.height {
                        let to = (channel * outputHeight + top + row) * outputWidth + left
                        let from = row * image.width * 3 + source
                        for column in 0..<image.width {
                            out[to + column] = table[256 * source + Int(bytes[from + 3 * column])]
                        }
                    }
                }
            }
        }
    }
}

extension ImagePreprocessing: CustomStringConvertible {
    /// The steps in words, such as `resize shortest edge to 256 (bicubic, Pillow 12) > centre crop 224x224 > /255 >
    /// normalise (mean 0.5 0.5 0.5, std 0.5 0.5 0.5)`; sizes are height x width.
    public var description: String {
        let how = "(\(filter.name), Pillow \(compatibility == .v12 ? 12 : 13))"
        var words: [String] = []
        switch resize {
        case .none: break
        case .shortestEdge(let edge): words.append("resize shortest edge to \(edge) \(how)")
        case .exact(let height, let width): words.append("resize to \(height)x\(width) \(how)")
        case .cover(let height, let width): words.append("resize to cover \(height)x\(width) \(how)")
        case .contain(let height, let width): words.append("resize to fit \(height)x\(width) \(how)")
        }
        if let crop { words.append("centre crop \(crop.height)x\(crop.width)") }
        words += scaling.steps.map(\.description)
        if order == .bgr { words.append("blue first") }
        return words.joined(separator: " > ")
    }
}
