/// A text on its way to the model: its scalars as the steps so far have left them, each with the part of the original
/// text that it stands for.
///
/// Everything counts Unicode scalars, never graphemes: "e" + U+0301 are two, whatever Swift's `String` makes of them.
struct NormalizedText: Sendable, Equatable {
    /// The scalars as they are now.
    private(set) var scalars: [Unicode.Scalar]
    /// For each scalar, the scalars of the original text it came from. Bounds never decrease from one to the next.
    private(set) var spans: [Range<Int>]

    /// A text that no step has touched, each scalar standing for itself.
    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        spans = scalars.indices.map { $0..<($0 + 1) }
    }

    /// An empty text.
    init() {
        scalars = []
        spans = []
    }

    /// The number of scalars.
    var count: Int { scalars.count }
    /// Whether nothing is left.
    var isEmpty: Bool { scalars.isEmpty }

    /// A part of the text, its spans still those of the whole original.
    subscript(range: Range<Int>) -> NormalizedText {
        var part = NormalizedText()
        part.scalars = Array(scalars[range])
        part.spans = Array(spans[range])
        return part
    }

    /// The original scalars that a range of this text stands for; an empty range stands for an empty one.
    func originalRange(of range: Range<Int>) -> Range<Int> {
        guard let first = range.first, let last = range.last else {
            let isInside = range.lowerBound < spans.count
            let place = isInside ? spans[range.lowerBound].lowerBound : spans.last?.upperBound ?? 0
            return place..<place
        }
        return spans[first].lowerBound..<max(spans[first].lowerBound, spans[last].upperBound)
    }

    /// Makes room, so that appending does not grow step by step.
    mutating func reserveCapacity(_ count: Int) {
        scalars.reserveCapacity(count)
        spans.reserveCapacity(count)
    }

    /// Appends a scalar that stands for a part of the original.
    mutating func append(_ scalar: Unicode.Scalar, span: Range<Int>) {
        scalars.append(scalar)
        spans.append(span)
    }

    /// Appends a part of another text over the same original.
    mutating func append(_ other: NormalizedText, _ range: Range<Int>) {
        scalars.append(contentsOf: other.scalars[range])
        spans.append(contentsOf: other.spans[range])
    }

    /// Appends a whole text over the same original.
    mutating func append(_ other: NormalizedText) { append(other, 0..<other.count) }

    /// Replaces scalars one by one, each by one, several or none; what replaces a scalar stands for what it stood for.
    mutating func replaceEach(_ body: (Unicode.Scalar, (Unicode.Scalar) -> Void) -> Void) {
        var result = NormalizedText()
        result.reserveCapacity(count)
        for position in scalars.indices {
            let span = spans[position]
            body(scalars[position]) { result.append($0, span: span) }
        }
        self = result
    }

    /// The scalars as a string.
    var string: String { string(of: 0..<count) }

    /// The scalars of a range as a string.
    ///
    /// Cutting the text first would make spans that nobody reads, and Swift 6.3's optimizer frees those before it
    /// writes them.
    func string(of range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }
}
