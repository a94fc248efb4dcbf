import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite struct FileSystemTests {
    @Test func reading() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write([1, 2, 3], as: "file")
        #expect(try FileSystem.read(path, limit: 3) == [1, 2, 3])
        #expect(try FileSystem.read(folder.link("link", to: "file"), limit: 3) == [1, 2, 3])
        #expect(try FileSystem.read(folder.write([], as: "empty"), limit: 0) == [])
        #expect(throws: FileError(path: path, operation: "read", reason: .tooLarge(bytes: 3, limit: 2))) {
            try FileSystem.read(path, limit: 2)
        }
        let refused: [(String, FileError.Reason)] = [
            (folder.path, .notRegular), ("/dev/zero", .notRegular), (folder.path("none"), .system(code: ENOENT)),
            ("\(path)/x", .system(code: ENOTDIR)), ("", .invalidPath), ("a\0", .invalidPath),
        ]
        for (path, reason) in refused {
            let error = #expect(throws: FileError.self) { try FileSystem.read(path, limit: 10) }
            #expect(error?.reason == reason)
            #expect(error?.description.isEmpty == false)
        }
    }

    @Test func listing() throws {
        let folder = try TemporaryFolder()
        for name in ["b", "a", "\u{E9}", "Z", ".hidden"] { try folder.write([], as: name) }
        #expect(close(open(folder.path + "/x", O_CREAT | O_WRONLY, 0o600)) == 0)
        let raw: [CChar] = Array(folder.path.utf8CString.dropLast()) + [0x2F, -1, 0x61, 0]
        #expect(close(creat(raw, 0o600)) == 0)
        let listing = try FileSystem.list(folder.path)
        #expect(listing.names == [".hidden", "Z", "a", "b", "x", "\u{E9}"])
        #expect(listing.unreadable == ["\u{FFFD}a"])
        unlink(raw)
        let error = #expect(throws: FileError.self) { try FileSystem.list(folder.path("none")) }
        #expect(error?.isNotFound == true)
        #expect(throws: FileError.self) { try FileSystem.list(folder.path("a")) }
    }

    @Test func kinds() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write([], as: "file")
        let toFile = try folder.link("to-file", to: "file")
        let toFolder = try folder.link("to-folder", to: ".")
        let nowhere = try folder.link("nowhere", to: "none")
        for path in [file, toFile] {
            #expect(FileSystem.exists(path) && FileSystem.isRegularFile(path) && !FileSystem.isDirectory(path))
        }
        for path in [folder.path, toFolder] {
            #expect(FileSystem.exists(path) && !FileSystem.isRegularFile(path) && FileSystem.isDirectory(path))
        }
        for path in [nowhere, "", "\0", folder.path("none")] { #expect(!FileSystem.exists(path)) }
        #expect(try FileSystem.resolve(toFile) == FileSystem.resolve(file))
        #expect(throws: FileError.self) { try FileSystem.resolve(nowhere) }
    }

    @Test func paths() {
        #expect(FileSystem.join("a", "b") == "a/b")
        #expect(FileSystem.join("a/", "b") == "a/b")
        #expect(FileSystem.join("", "b") == "b")
        #expect(FileSystem.join("/", "b") == "/b")
        #expect(FileSystem.lastComponent("/a/b") == "b")
        #expect(FileSystem.lastComponent("/a/b/") == "b")
        #expect(FileSystem.lastComponent("b") == "b")
    }

    @Test func writing() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("file")
        try FileSystem.write([1], to: path)
        let old = try #require(FileHandle(forReadingAtPath: path))
        try FileSystem.write(Bytes.counting(100_000), to: path)
        #expect(try FileSystem.read(path, limit: 1 << 20) == Bytes.counting(100_000))
        #expect(try old.readToEnd() == Data([1]))
        #expect(folder.names == ["file"])
        // A folder in the way: nothing of the attempt stays.
        let blocked = try folder.makeFolder("blocked")
        try folder.write([], as: "blocked/inside")
        #expect(throws: FileError.self) { try FileSystem.write([1], to: blocked) }
        #expect(folder.names == ["blocked", "file"])
        for path in ["", "a\0b", folder.path("none/file")] {
            #expect(throws: FileError.self) { try FileSystem.write([1], to: path) }
        }
    }
}
