import Checkpoints
import Testing

@Suite struct NPYLayoutTests {
    /// NumPy leaves room for the first dimension to grow to 21 digits; with 15 dimensions that room takes the header
    /// into the next block of 64 bytes, though the text alone would fit (`numpy.save` of NumPy 2.4.6).
    @Test(arguments: [(14, 128), (15, 192), (30, 192)])
    func roomForTheFirstDimension(rank: Int, start: Int) {
        let shape = [Int](repeating: 1, count: rank)
        let tuple = shape.map(\.description).joined(separator: ", ")
        var text = Array("{'descr': '<f4', 'fortran_order': False, 'shape': (\(tuple)), }".utf8)
        text += [UInt8](repeating: 0x20, count: start - 10 - text.count - 1) + [0x0A]
        let bytes = NPY([1] as [Float], shape: shape).serialized()
        #expect(bytes == [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(start - 10), 0] + text + [0, 0, 0x80, 0x3F])
    }

    /// Element (i, j, k) of a column-major array of shape 2 x 3 x 4 lies at i + 2 (j + 3 k).
    @Test func columnMajorInThreeDimensions() throws {
        let text = Array("{'descr': '<u2', 'fortran_order': True, 'shape': (2, 3, 4), }".utf8)
        var data = [UInt8](repeating: 0, count: 48)
        for i in 0..<2 {
            for j in 0..<3 {
                for k in 0..<4 { data[2 * (i + 2 * (j + 3 * k))] = UInt8(12 * i + 4 * j + k) }
            }
        }
        let start: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(text.count), 0]
        let array = try NPY(bytes: start + text + data, file: "columns.npy")
        #expect(array.shape == [2, 3, 4])
        #expect(array.integers() == (0..<24).map { Int64($0) })
    }
}
