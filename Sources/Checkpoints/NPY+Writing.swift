extension NPY {
    /// A file's bytes, the same as `numpy.save` writes (NumPy 2): the header as ``header(_:shape:)`` has it, the data.
    public func serialized() -> [UInt8] { Self.header(element, shape: shape) + bytes }

    /// What stands before the data of a file: version 1.0, room for the first dimension to grow, a length that aligns
    /// the data to 64 bytes.
    ///
    /// - Precondition: at most ``rankLimit`` dimensions.
    public static func header(_ element: Element, shape: [Int]) -> [UInt8] {
        precondition(shape.count <= rankLimit, "\(shape.count) dimensions")
        let alignment = 64
        // Digits that NumPy leaves room for, of which the first dimension takes some.
        let growth = 21
        let dimensions = shape.map(\.description)
        let tuple = dimensions.count == 1 ? "(\(dimensions[0]),)" : "(\(dimensions.joined(separator: ", ")))"
        var text = Array("{'descr': '\(element.rawValue)', 'fortran_order': False, 'shape': \(tuple), }".utf8)
        if let first = dimensions.first {
            text.append(contentsOf: repeatElement(0x20, count: max(0, growth - first.utf8.count)))
        }
        let prefix = NPYHeader.magic.count + 4
        let padding = alignment - (prefix + text.count + 1) % alignment
        text.append(contentsOf: repeatElement(0x20, count: padding))
        text.append(0x0A)
        // At most ``rankLimit`` dimensions of 20 digits: the length always fits 16 bits.
        return NPYHeader.magic + [1, 0, UInt8(text.count & 0xFF), UInt8(text.count >> 8)] + text
    }

    /// Writes a file as ``serialized()`` lays it out; the path never shows a part of it.
    public func write(to path: String) throws(CheckpointError) {
        do { try FileSystem.write(serialized(), to: path) } catch { throw .file(error) }
    }
}
