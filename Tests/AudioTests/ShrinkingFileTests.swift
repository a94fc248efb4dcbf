import Audio
import Files
import Glibc
import TestSupport
import Testing

/// Sound files that are cut short while they are read: an error, never a bus error or silence.
@Suite struct ShrinkingFileTests {
    /// Reads up to the end.
    private func rest(_ reader: AudioReader) throws -> [Float] {
        var samples: [Float] = []
        while true {
            let block = try reader.read(1000)
            if block.isEmpty { return samples }
            samples += block
        }
    }

    @Test func aWAVFile() throws {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(seed: 4)
        let path = try folder.write(SoundBytes.floatWAV(generator.floats(100_000)), as: "a.wav")
        for kept in [0, 44, 50_000, 200_000, 400_043] {
            let copy = try folder.write(SoundBytes.floatWAV(generator.floats(100_000)), as: "copy\(kept).wav")
            let reader = try AudioReader(path: copy)
            #expect(try reader.read(1000).count == 1000)
            #expect(truncate(copy, off_t(kept)) == 0)
            let error = #expect(throws: AudioError.self) { try rest(reader) }
            guard case .file(let error) = error else {
                Issue.record("\(kept): \(String(describing: error))")
                continue
            }
            #expect(error.path == copy)
            // What failed once goes on failing.
            #expect(throws: AudioError.self) { try rest(reader) }
        }
        #expect(try rest(AudioReader(path: path)).count == 100_000)
    }

    @Test(arguments: AudioFixtures.formats)
    func everyFormat(name: String) throws {
        let bytes = try AudioFixtures.bytes("formats/\(name)")
        let folder = try TemporaryFolder()
        let path = try folder.write(bytes, as: name)
        let expected = try rest(AudioReader(path: path))
        for part in 0..<4 {
            let copy = try folder.write(bytes, as: "\(part)-\(name)")
            let reader = try AudioReader(path: copy)
            #expect(truncate(copy, off_t(bytes.count * part / 4)) == 0)
            // Of a small file all may have been read when it was opened.
            do { #expect(try rest(reader) == expected) } catch let error as AudioError {
                #expect(error.description.contains(name))
            }
        }
    }
}
