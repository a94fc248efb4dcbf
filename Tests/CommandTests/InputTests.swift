import Foundation
import TestSupport
import Testing

@testable import ZooCommand

@Suite struct InputTests {
    private let temporary: TemporaryFolder
    private var folder: String { temporary.path }

    /// A folder with pictures, other files, hidden ones, links and a name that is not UTF-8.
    init() throws {
        temporary = try TemporaryFolder()
        try temporary.makeFolder("a/deep")
        for name in ["a.png", "a/z.JPEG", "a/deep/w.WebP", "b.jpg", "note.txt", ".hidden.png", "png", "dot.", "Z.png"] {
            try Data("data of \(name)".utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        try FileManager.default.createDirectory(atPath: folder + "/.git", withIntermediateDirectories: true)
        try Data().write(to: URL(filePath: "\(folder)/.git/c.png"))
        #expect(symlink("..", folder + "/a/loop") == 0)
        #expect(symlink("a", folder + "/again") == 0)
        #expect(symlink("nowhere", folder + "/gone.png") == 0)
        #expect(symlink("b.jpg", folder + "/link.jpg") == 0)
        #expect(mkfifo(folder + "/pipe.png", 0o600) == 0)
        #expect(open(InputPath(rawName).withCString { String(cString: $0) }, O_RDONLY) == -1)
        let descriptor = InputPath(rawName).withCString { open($0, O_CREAT | O_WRONLY, 0o600) }
        #expect(descriptor >= 0)
        close(descriptor)
    }

    private var rawName: [UInt8] { Array("\(folder)/".utf8) + [0xFF, 0xFE] + Array(".png".utf8) }

    /// Paths below the folder, or the messages of failures.
    private func found(_ list: InputList) -> [String] {
        list.map { result in
            switch result {
            case .success(let path): path.text.replacing(folder + "/", with: "")
            case .failure(let error): error.description.replacing(folder + "/", with: "")
            }
        }
    }

    private func inputs(_ arguments: [String], listed: String = "", isNullSeparated: Bool = false) throws -> InputList {
        let name = "\(folder)/list-\(UUID().uuidString)"
        try Data(listed.utf8).write(to: URL(filePath: name))
        // Left open: the list is read later, and the process of the tests ends soon.
        let list = PathList(descriptor: open(name, O_RDONLY), isNullSeparated: isNullSeparated)
        return InputList(arguments.map { InputPath($0) }, list: list)
    }

    private let all = ["Z.png", "a.png", "a/deep/w.WebP", "a/z.JPEG", "b.jpg", "link.jpg", "\u{FFFD}\u{FFFD}.png"]

    @Test func aFolderInTheOrderOfPaths() throws {
        #expect(found(try inputs([folder])) == all)
        #expect(found(try inputs([folder + "/"])) == all)
        let paths = try inputs([folder]).compactMap { try? $0.get() }
        #expect(zip(paths, paths.dropFirst()).allSatisfy { $0.bytes.lexicographicallyPrecedes($1.bytes) })
        #expect(paths.last?.bytes == rawName)
        // Named itself, a link to a folder is entered, and so is a hidden folder.
        #expect(found(try inputs([folder + "/again"])).first == "again/deep/w.WebP")
        #expect(found(try inputs([folder + "/.git"])) == [".git/c.png"])
    }

    @Test func namedFilesComeAsTheyAre() throws {
        let list = try inputs([folder + "/note.txt", folder + "/none.png", folder + "/pipe.png"])
        #expect(list.knownCount == 3)
        #expect(found(list) == ["note.txt", "none.png", "pipe.png"])
        #expect(try inputs([folder]).knownCount == nil)
        #expect(try inputs(["-"]).knownCount == nil)
    }

    @Test func pathsFromAList() throws {
        let listed = "\(folder)/b.jpg\n\n\(folder)/a\n-\nlast"
        #expect(
            found(try inputs(["first", "-", "end"], listed: listed))
                == [
                    "first", "b.jpg", "a/deep/w.WebP", "a/loop/Z.png", "a/loop/a.png", "a/loop/b.jpg",
                    "a/loop/link.jpg",
                ]
                + ["a/loop/\u{FFFD}\u{FFFD}.png", "a/z.JPEG", "-", "last", "end"])
        let separated = "two\nlines\0\0b.png\0"
        #expect(found(try inputs(["-"], listed: separated, isNullSeparated: true)) == ["two\nlines", "b.png"])
    }

    @Test func faultsOfAList() throws {
        #expect(
            found(try inputs(["-"], listed: "a\nb\0c\nd")) == [
                "a", "standard input: line 2 holds a zero byte (are the paths separated by zeros? use --null)", "d",
            ])
        let endless = String(repeating: "x", count: 1 << 20)
        #expect(
            found(try inputs(["-"], listed: "a\n\(endless)\nb"))
                == ["a", "standard input: line 2 is longer than 4096 bytes"])
        var closed = PathList(descriptor: -1, isNullSeparated: false)
        guard case .failure(let error) = closed.next() else {
            Issue.record("read from nothing")
            return
        }
        #expect(error.exitCode == .inputOutput)
        #expect(closed.next() == nil)
    }

    @Test func aFolderThatIsGone() {
        let none = InputPath(folder + "/none")
        var walk = FolderWalk(none, extensions: InputList.pictures)
        #expect(walk.next() == .failure(InputError(path: none, reason: .system(ENOENT))))
        #expect(walk.next() == nil)
    }

    /// OS02
    @Test(.enabled(if: getuid() != 0, "the superuser may read every folder"))
    func aFolderThatMayNotBeRead() throws {
        #expect(chmod(folder + "/a", 0) == 0)
        defer { chmod(folder + "/a", 0o700) }
        #expect(found(try inputs([folder])).contains("a: Permission denied"))
    }

    @Test func contents() throws {
        let path = InputPath(folder + "/b.jpg")
        #expect(try path.contents(limit: 100) == Array("data of b.jpg".utf8))
        #expect(try path.contents(limit: 13).count == 13)
        #expect(throws: InputError(path: path, reason: .tooLarge(limit: 12))) { try path.contents(limit: 12) }
        let none = InputPath(folder + "/none")
        let error = #expect(throws: InputError.self) { try none.contents(limit: 1) }
        #expect(error?.exitCode == .inputNotFound)
        #expect(error?.message == "No such file or directory")
        #expect(throws: InputError.self) { try InputPath(folder).contents(limit: 1 << 20) }
        // States no size and never ends.
        let zeros = InputPath("/dev/zero")
        #expect(throws: InputError(path: zeros, reason: .tooLarge(limit: 5000))) { try zeros.contents(limit: 5000) }
        #expect(try InputPath("/dev/null").contents(limit: 0) == [])
    }

    @Test func argumentsThatAreNotText() {
        let words: [[UInt8]] = [Array("zoo".utf8), [0x61, 0xFF], Array("b".utf8)]
        #expect(InputPath(argument: "a\u{FFFD}", rawWords: words).bytes == [0x61, 0xFF])
        #expect(InputPath(argument: "c\u{FFFD}", rawWords: words).text == "c\u{FFFD}")
        #expect(InputPath(argument: "b", rawWords: words).bytes == [0x62])
        #expect(InputPath.processWords().count == CommandLine.arguments.count)
        #expect(InputPath("a\u{1B}b").shown == "a\\u{1b}b")
    }

    @Test func extensions() {
        for (name, isPicture) in [
            ("a.PNG", true), ("a.png/b", false), ("png", false), ("a.", false), ("a.x.webp", true),
        ] {
            #expect(InputPath(name).hasExtension(in: InputList.pictures) == isPicture, "\(name)")
        }
    }
}
