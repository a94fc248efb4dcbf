import Checkpoints
import Foundation
import JSON

/// The files of `torch.save`; the README beside them says where they come from.
enum PyTorchFixtures {
    static var folder: String { Bundle.module.bundlePath + "/Fixtures" }

    /// A file that is read, and what must come of it.
    struct Golden: Sendable, CustomStringConvertible {
        var file: String
        var usesEMA: Bool
        var names: [String]
        var sha256: String

        var description: String { usesEMA ? "\(file) --ema" : file }
        var path: String { "\(folder)/\(file)" }

        func open() throws -> Checkpoint {
            let choice = WeightChoice(usesEMA: usesEMA)
            return file.hasSuffix("/")
                ? try Checkpoint.open(folder: path, choice: choice)
                : try Checkpoint.open(file: path, usesEMA: usesEMA)
        }
    }

    /// A file that is refused, and what the error names.
    struct Refused: Sendable, CustomStringConvertible {
        var file: String
        var found: String
        var description: String { file }
    }

    static let goldens: [Golden] = cases("goldens.json").compactMap { golden in
        guard let file = golden["file"]?.stringValue, let hash = golden["sha256"]?.stringValue,
            let names = golden["names"]?.arrayValue, let usesEMA = golden["ema"]?.boolValue
        else { return nil }
        return Golden(file: file, usesEMA: usesEMA, names: names.compactMap(\.stringValue), sha256: hash)
    }

    static let refused: [Refused] = cases("refused.json").compactMap { refused in
        guard let file = refused["file"]?.stringValue, let found = refused["found"]?.stringValue else { return nil }
        return Refused(file: file, found: found)
    }

    /// The bytes of a fixture.
    static func bytes(_ name: String) throws -> [UInt8] { try FileSystem.read("\(folder)/\(name)", limit: 1 << 20) }

    private static func cases(_ name: String) -> [JSONObject] {
        guard let bytes = try? bytes(name), let config = try? Config(file: name, bytes: bytes),
            let list = config.object["cases"]?.arrayValue
        else { return [] }
        return list.compactMap(\.objectValue)
    }
}
