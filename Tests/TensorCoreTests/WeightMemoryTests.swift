import Glibc
import Testing

@testable import TensorCore

@Suite struct WeightMemoryTests {
    /// A group's matrices are reserved together; vectors that come between them take nothing from that.
    @Test func vectorsLieApartFromMatrices() {
        let memory = WeightMemory()
        #expect(memory.reserve(2 * 1000))
        let first = memory.floats(1000)
        let vector = memory.vectorFloats(40)
        let second = memory.floats(1000)
        #expect(second == first + 1008)  // whole cache lines
        #expect(vector < first || vector >= second + 1000)
        #expect(memory.vectorFloats(8) == vector + 48)
        #expect(memory.byteCount == (2 * 1008 + 48 + 16) * 4)
    }

    /// However pieces fall into chunks and pages, they are zeros that can be written and do not meet.
    @Test func everyPieceIsItsOwn() {
        let memory = WeightMemory()
        var pieces: [(start: UnsafeMutablePointer<Float>, count: Int)] = []
        for count in [1, 5_000_000, 16_000_000, 3, 700_000, 9_000_000] {
            pieces.append((memory.floats(count), count))
            pieces.append((memory.vectorFloats(count / 40), count / 40))
        }
        for (index, piece) in pieces.enumerated() {
            let values = UnsafeMutableBufferPointer(start: piece.start, count: piece.count)
            #expect(values.allSatisfy { $0 == 0 })
            values.update(repeating: Float(index + 1))
        }
        for (index, piece) in pieces.enumerated() {
            let values = UnsafeBufferPointer(start: piece.start, count: piece.count)
            #expect(values.allSatisfy { $0 == Float(index + 1) })
        }
    }

    /// Of what was not handed out nothing is taken, be a matrix written before or after the next one is asked for.
    @Test func onlyHandedOutPagesAreTaken() {
        let memory = WeightMemory()
        let counts = [700_000, 10_000, 400_000]  // 2.8, 0.04 and 1.6 MB
        for (index, count) in counts.enumerated() {
            let matrix = memory.floats(count)
            guard index != 1 else { continue }
            UnsafeMutableBufferPointer(start: matrix, count: count).update(repeating: 1)
            let page = sysconf(Int32(_SC_PAGESIZE))
            let end = (Int(bitPattern: matrix + count) + page - 1) / page * page
            let huge = 2 << 20
            var resident = [UInt8](repeating: 0, count: ((end + huge - 1) / huge * huge - end) / page)
            #expect(!resident.isEmpty)
            #expect(mincore(UnsafeMutableRawPointer(bitPattern: end), resident.count * page, &resident) == 0)
            #expect(resident.allSatisfy { $0 & 1 == 0 })
        }
    }
}
