import Arguments
import Checkpoints

/// Sounds with what is said in them.
///
/// Either the folder has `transcripts.txt`, lines of a name, a tab and the text, in which a name is a path below the
/// folder and may lack its extension; or `NAME.txt` lies beside each `NAME.wav` (or a sound of another kind), in the
/// folder and those below it.
struct TranscribedFolder {
    /// A sound.
    struct Item {
        let input: SoundInput
        /// What is said in it.
        let text: String
    }

    /// The sounds in the order of the list, or bytewise by their paths.
    let items: [Item]

    /// The list's name.
    static let list = "transcripts.txt"
    /// The longest text of a sound, in bytes.
    private static let textLimit = 1 << 20

    /// - Parameter limit: the number of sounds that are taken at most, the first.
    /// - Throws: ``Failure`` where a transcript is missing or broken, or there are no sounds.
    init(_ folder: InputPath, limit: Int?) throws {
        guard folder.isFolder else {
            throw Failure(
                "\(folder.shown): not a folder; give one with sounds and \(Self.list), or NAME.txt beside NAME.wav",
                .inputNotFound)
        }
        let list = folder.appending(Array(Self.list.utf8))
        items =
            try FileSystem.exists(list.text)
            ? Self.listed(list, in: folder, limit: limit) : Self.beside(folder, limit: limit)
        guard !items.isEmpty else {
            throw Failure(
                "\(folder.shown): no sounds (looked for \(InputList.sounds.joined(separator: ", ")))", .badData)
        }
    }

    private static func listed(_ list: InputPath, in folder: InputPath, limit: Int?) throws -> [Item] {
        var items: [Item] = []
        var lines: [String: Int] = [:]
        let reader = try LineReader(list)
        for line in reader {
            func failure(_ message: String) -> Failure { Failure("\(reader.place(of: line)): \(message)", .badData) }
            let text: String
            switch line.text {
            case .success(let found): text = found.hasSuffix("\r") ? String(found.dropLast()) : found
            case .failure(let problem): throw failure(problem.message)
            }
            guard !text.isEmpty else { continue }
            guard let tab = text.firstIndex(of: "\t"), tab != text.startIndex else {
                throw failure("expected the name of a sound, a tab and what is said in it")
            }
            let name = String(text[..<tab])
            guard !name.hasPrefix("/"), !name.split(separator: "/").contains("..") else {
                throw failure("'\(printable(name))' leads out of the folder; names are paths below it")
            }
            if let first = lines.updateValue(line.number, forKey: name) {
                throw failure("'\(printable(name))' is there twice, first in line \(first)")
            }
            let path = try sound(name, in: folder) ?? folder.appending(Array(name.utf8))
            items.append(
                Item(input: .file(.success(path)), text: String(text[text.index(after: tab)...])))
            if items.count == limit { break }
        }
        return items
    }

    /// The sound of a name that may lack its extension; `nil` where there is none.
    private static func sound(_ name: String, in folder: InputPath) throws(Failure) -> InputPath? {
        let path = folder.appending(Array(name.utf8))
        guard !FileSystem.isRegularFile(path.text) else { return path }
        let found = InputList.sounds.map { InputPath(path.bytes + Array(".\($0)".utf8)) }
            .filter { FileSystem.isRegularFile($0.text) }
        guard found.count < 2 else {
            throw Failure(
                "\(path.shown): there are \(found[0].shown) and \(found[1].shown); say which with its extension in "
                    + list, .badData)
        }
        return found.first
    }

    private static func beside(_ folder: InputPath, limit: Int?) throws -> [Item] {
        var items: [Item] = []
        let inputs = InputList(
            [folder], list: PathList(isNullSeparated: false), extensions: InputList.sounds)
        for input in inputs {
            guard case .success(let path) = input, let dot = path.bytes.lastIndex(of: UInt8(ascii: ".")) else {
                items.append(Item(input: .file(input), text: ""))
                continue
            }
            let transcript = InputPath(path.bytes[..<dot] + Array(".txt".utf8))
            let bytes: [UInt8]
            do throws(InputError) { bytes = try transcript.contents(limit: textLimit) } catch {
                throw Failure(
                    "\(transcript.shown): \(error.message); each sound needs what is said in it, in NAME.txt beside it "
                        + "or in \(list)", .badData)
            }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw Failure("\(transcript.shown): not UTF-8; save the file in UTF-8", .badData)
            }
            items.append(Item(input: .file(input), text: text))
            if items.count == limit { break }
        }
        return items
    }
}
