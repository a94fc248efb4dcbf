import Files
import Glibc
import TensorCore
import TestSupport
import Testing
import VectorIndex

/// An index that is cut short or replaced after it was opened: an error, never a bus error or vectors of zeros.
@Suite struct ShrinkingFileTests {
    @Test(arguments: [1, 2, 8, 1000])
    func cutShort(divisor: Int) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.index")
        try VectorFixture(count: 3000, width: 24).write(to: path)
        let file = try IndexFile(path)
        var info = stat()
        #expect(stat(path, &info) == 0)
        let size = Int(info.st_size)
        let kept = divisor == 1 ? size - 1 : size / divisor
        #expect(truncate(path, off_t(kept)) == 0)
        for threads in [1, 3] {
            let error = #expect(throws: VectorIndexError.self) {
                try VectorIndex(file, runtime: Runtime(threads: threads))
            }
            guard case .file(let error) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error.path == path)
            switch error.reason {
            case .shortened, .changed: break
            default: Issue.record("\(error)")
            }
        }
        // The rows that are still there are not trusted either.
        #expect(throws: VectorIndexError.self) { try file.vectors(0..<1) }
    }
}
