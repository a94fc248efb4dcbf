@_spi(_Unicode) import Swift

/// Unicode's canonical decomposition (NFD) and composition (NFC, UAX #15), with what each scalar stands for.
///
/// Swift's tables give the mappings; the order of marks and the composition are done here, because only then is it
/// known which scalar became which. A composed scalar stands for the first of those it was made of, and one that a
/// decomposition adds for the one before it, as in Hugging Face's tokenizers.
enum CanonicalForms {
    /// The major version of Unicode that Hugging Face's tokenizers have tables of: what came later neither decomposes
    /// nor moves.
    static let tokenizersVersion = 9
    /// No limit: Swift's own version.
    static let newestVersion = Int.max

    /// A scalar with the number of scalars that its text grew by there: 1 for one that was added, -1 for each that
    /// went into it.
    private struct Part {
        var scalar: Unicode.Scalar
        var change: Int
    }

    /// Decomposes a text.
    static func decompose(_ text: inout NormalizedText, version: Int = tokenizersVersion) {
        guard text.scalars.contains(where: { $0.value >= 0xC0 }) else { return }
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        forEachSegment(of: text) { range, isPlain in
            if isPlain && !decomposes(text.scalars[range.lowerBound], version) {
                result.append(text, range)
            } else {
                align(ordered(text.scalars[range], version), text, range.lowerBound, into: &result)
            }
        }
        text = result
    }

    /// Composes a text.
    static func compose(_ text: inout NormalizedText, version: Int = tokenizersVersion) {
        guard text.scalars.contains(where: { $0.value >= 0x300 }) else { return }
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        forEachSegment(of: text) { range, isPlain in
            if isPlain && !text.scalars[range.lowerBound].properties.isFullCompositionExclusion {
                result.append(text, range)
            } else {
                align(composed(ordered(text.scalars[range], version), version), text, range.lowerBound, into: &result)
            }
        }
        text = result
    }

    /// Calls back with stretches that normalisation treats apart from each other, and whether one is a single scalar.
    private static func forEachSegment(of text: NormalizedText, _ body: (Range<Int>, Bool) -> Void) {
        var start = 0
        while start < text.count {
            var end = start + 1
            while end < text.count && joins(text.scalars[end]) { end += 1 }
            body(start..<end, end == start + 1)
            start = end
        }
    }

    /// Whether a scalar may combine with, or be ordered against, what is before it.
    private static func joins(_ scalar: Unicode.Scalar) -> Bool {
        guard scalar.value >= 0x300, !(0x3400..<0xA000).contains(scalar.value) else { return false }
        return (0x1160...0x11FF).contains(scalar.value) || scalar.isMark
            || scalar.properties.canonicalCombiningClass != .notReordered
    }

    private static func decomposes(_ scalar: Unicode.Scalar, _ version: Int) -> Bool {
        guard scalar.value >= 0xC0, !(0x3400..<0xA000).contains(scalar.value), scalar.isAssigned(in: version) else {
            return false
        }
        var mapped = String(scalar)._nfd.makeIterator()
        return mapped.next() != scalar || mapped.next() != nil
    }

    /// Full decompositions, marks in canonical order.
    private static func ordered(_ scalars: ArraySlice<Unicode.Scalar>, _ version: Int) -> [Part] {
        var parts: [Part] = []
        for scalar in scalars {
            guard scalar.isAssigned(in: version) else {
                parts.append(Part(scalar: scalar, change: 0))
                continue
            }
            var change = 0
            for part in String(scalar)._nfd {
                parts.append(Part(scalar: part, change: change))
                change = 1
            }
        }
        var start = 0
        while start < parts.count {
            var end = start
            while end < parts.count && combiningClass(parts[end].scalar, version) != 0 { end += 1 }
            // Swift's sort is stable.
            if end > start + 1 {
                parts[start..<end].sort {
                    combiningClass($0.scalar, version) < combiningClass($1.scalar, version)
                }
            }
            start = max(end, start + 1)
        }
        return parts
    }

    /// Canonical composition of ordered parts (UAX #15, D117).
    private static func composed(_ parts: [Part], _ version: Int) -> [Part] {
        var result: [Part] = []
        var starter: Int?
        var lastClass = 0
        for part in parts {
            let partClass = combiningClass(part.scalar, version)
            if let starter, starter == result.count - 1 || lastClass < partClass,
                let whole = composition(result[starter].scalar, part.scalar, version)
            {
                result[starter].scalar = whole
                result[starter].change += part.change - 1
                continue
            }
            if partClass == 0 { starter = result.count }
            lastClass = partClass
            result.append(part)
        }
        return result
    }

    private static func composition(
        _ first: Unicode.Scalar, _ second: Unicode.Scalar, _ version: Int
    ) -> Unicode.Scalar? {
        var pair = String(first)
        pair.unicodeScalars.append(second)
        var mapped = pair._nfc.makeIterator()
        guard let whole = mapped.next(), mapped.next() == nil, whole.isAssigned(in: version) else { return nil }
        return whole
    }

    private static func combiningClass(_ scalar: Unicode.Scalar, _ version: Int) -> Int {
        let combiningClass = scalar.properties.canonicalCombiningClass.rawValue
        return combiningClass == 0 || !scalar.isAssigned(in: version) ? 0 : Int(combiningClass)
    }

    /// Appends parts, their changes telling which scalar of `text`, counted from `start`, each stands for.
    private static func align(
        _ parts: [Part], _ text: NormalizedText, _ start: Int, into result: inout NormalizedText
    ) {
        var source = start
        for part in parts {
            if part.change > 0 {
                result.append(part.scalar, span: text.spans[max(source - 1, 0)])
            } else {
                result.append(part.scalar, span: text.spans[min(source, text.count - 1)])
                source += 1 - part.change
            }
        }
    }
}
