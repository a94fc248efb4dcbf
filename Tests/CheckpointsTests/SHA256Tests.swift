import Checkpoints
import TestSupport
import Testing

@Suite struct SHA256Tests {
    /// The examples of FIPS 180-4's test vectors, and lengths around a block.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
    ])
    func knownHashes(text: String, hash: String) throws {
        #expect(SHA256.hexadecimal(of: Array(text.utf8)) == hash)
        let folder = try TemporaryFolder()
        #expect(try SHA256.hexadecimal(ofFile: folder.write(text, as: "file")) == hash)
    }

    @Test func aMillionLetters() throws {
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let hash = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256.hexadecimal(of: bytes) == hash)
        var pieces = SHA256()
        for start in stride(from: 0, to: bytes.count, by: 997) {
            pieces.update(Array(bytes[start..<min(start + 997, bytes.count)]))
        }
        #expect(pieces.hexadecimal() == hash)
        #expect(pieces.digest() == Bytes.hex(hash))
    }

    @Test func aFileOfSeveralPieces() throws {
        let folder = try TemporaryFolder()
        let bytes = Bytes.counting((2 << 20) + 17)
        #expect(try SHA256.hexadecimal(ofFile: folder.write(bytes, as: "file")) == SHA256.hexadecimal(of: bytes))
    }

    @Test func copiesGoOnByThemselves() {
        var first = SHA256()
        first.update([1])
        var second = first
        second.update([2])
        #expect(first.hexadecimal() == SHA256.hexadecimal(of: [1]))
        #expect(second.hexadecimal() == SHA256.hexadecimal(of: [1, 2]))
    }

    @Test func noFile() {
        #expect(throws: FileError.self) { try SHA256.hexadecimal(ofFile: "/nowhere/at/all") }
    }
}
