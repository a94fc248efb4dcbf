/// How the size of the resized picture follows from that of the source. Arithmetic is the references': double
/// precision, truncated or rounded as they do.
public enum ResizeRule: Sendable, Equatable {
    /// The source is taken as it is.
    case none
    /// The shorter side becomes this long, the other in proportion and truncated: torchvision's `Resize(int)` and
    /// Hugging Face's `get_resize_output_image_size`.
    case shortestEdge(Int)
    /// Exactly this size, whatever the source's proportions.
    case exact(height: Int, width: Int)
    /// timm's `ResizeKeepRatio` with `longest = 0`: the shorter side, relative to the target, fits it; sizes are
    /// rounded half to even.
    case cover(height: Int, width: Int)
    /// timm's `ResizeKeepRatio` with `longest = 1`: the longer side, relative to the target, fits it.
    case contain(height: Int, width: Int)

    /// The size of the resized picture; each side is at least 1.
    public func size(height: Int, width: Int) -> (height: Int, width: Int) {
        switch self {
        case .none:
            return (height, width)
        case .shortestEdge(let edge):
            let (short, long) = width <= height ? (width, height) : (height, width)
            let other = Int(Double(edge * long) / Double(short))
            return width <= height ? (other, edge) : (edge, other)
        case .exact(let newHeight, let newWidth):
            return (newHeight, newWidth)
        case .cover(let targetHeight, let targetWidth), .contain(let targetHeight, let targetWidth):
            let down = Double(height) / Double(targetHeight)
            let across = Double(width) / Double(targetWidth)
            let isCover = self == .cover(height: targetHeight, width: targetWidth)
            let ratio = isCover ? min(down, across) : max(down, across)
            return (Self.side(height, ratio), Self.side(width, ratio))
        }
    }

    private static func side(_ length: Int, _ ratio: Double) -> Int {
        max(Int((Double(length) / ratio).rounded(.toNearestOrEven)), 1)
    }
}

/// How the middle of the resized picture is cut out where the difference of the sizes is odd. Where the picture is
/// smaller than the crop, it is padded.
public enum CropRounding: Sendable, Equatable {
    /// torchvision and timm: half the difference, rounded half to even; of the padding, the smaller half comes first.
    case halfToEven
    /// Hugging Face: half the difference, rounded down; of the padding, the larger half comes first.
    case down

    /// The first row (or column) of the crop in the picture; negative where padding comes first.
    public func origin(of crop: Int, in size: Int) -> Int {
        let difference = size - crop
        switch self {
        case .down: return difference >> 1
        case .halfToEven:
            if difference < 0 { return -(-difference / 2) }
            return Int((Double(difference) / 2).rounded(.toNearestOrEven))
        }
    }
}

/// A centre crop, with padding where the picture is smaller.
public struct CenterCrop: Sendable, Equatable {
    /// Rows of the result.
    public var height: Int
    /// Columns of the result.
    public var width: Int
    /// Where the crop lies.
    public var rounding: CropRounding
    /// The colour of the padding: red, green, blue.
    public var fill: [UInt8]

    /// - Precondition: sizes are positive and `fill` has three values.
    public init(height: Int, width: Int, rounding: CropRounding, fill: [UInt8] = [0, 0, 0]) {
        precondition(height > 0 && width > 0 && fill.count == 3, "CenterCrop: sizes or fill")
        self.height = height
        self.width = width
        self.rounding = rounding
        self.fill = fill
    }
}
