import Arguments
import Checkpoints
import JSON

/// `zoo merge`: the parts that `zoo embed --shard` made as one.
enum MergeCommand: Subcommand {
    private static let out = Argument(
        "OUT", .file(extensions: ["npy", "jsonl"]), help: "The file to write, FILE.npy or FILE.jsonl as the parts are")
    private static let parts = Argument(
        "PART", .file(extensions: ["npy", "jsonl"]), help: "The file of a part; all of them, in any order"
    ).repeating()

    static let command = Command(
        "merge", summary: "Make one file of the parts of an embedding",
        discussion: """
            The result is byte for byte what one run of 'zoo embed' would have made. The manifests that 'zoo embed \
            --shard' leaves beside the parts (PART.shard.json) say whether they belong together, whether all are there, \
            and whether each is whole; nothing is written otherwise. The parts stay.
            """,
        arguments: [out, parts],
        examples: [Command.Example("zoo merge all.npy part1.npy part2.npy", "Two halves as one array")])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let target = try files(parsed[out], parsed)
        var found: [Part] = []
        for path in parsed[parts] {
            let files = try files(path, parsed)
            guard files.format == target.format else {
                throw UsageError("'\(printable(path))' is no \(target.format.rawValue) as OUT is", path: parsed.path)
            }
            // By what it is, not how it is spelled: OUT takes the place of what is there.
            let isTarget = (try? FileSystem.resolve(path) == FileSystem.resolve(target.path)) ?? false
            guard !isTarget else {
                throw UsageError("'\(printable(path))' is both OUT and a part", path: parsed.path)
            }
            found.append(Part(files: files, manifest: try EmbeddingPart(files)))
        }
        try check(found)
        let sorted = found.sorted { $0.manifest.shard.index < $1.manifest.shard.index }
        let rows = sorted.reduce(0) { $0 + $1.manifest.rows }
        let width = sorted.map(\.manifest.width).max() ?? 0

        var vectors = try HashedFile(target.path)
        switch target.format {
        case .jsonl:
            for part in sorted {
                try copy(part.files.path, part.manifest.vectors, header: [], to: &vectors)
            }
        case .npy:
            var ids = try HashedFile(target.ids)
            try vectors.append(NPY.header(.float32, shape: [rows, width]))
            for part in sorted {
                let header = NPY.header(.float32, shape: [part.manifest.rows, part.manifest.width])
                try copy(part.files.path, part.manifest.vectors, header: header, to: &vectors)
                if let summary = part.manifest.ids {
                    try copy(part.files.ids, summary, header: [], to: &ids)
                }
            }
            guard Interruption.exitCode == nil else { return .success }
            _ = try ids.commit()
        }
        guard Interruption.exitCode == nil else { return .success }
        _ = try vectors.commit()
        removeFile(target.shard)
        return .success
    }

    private struct Part {
        let files: EmbeddingFiles
        let manifest: EmbeddingPart
    }

    private static func files(_ path: String, _ parsed: ParsedArguments) throws(UsageError) -> EmbeddingFiles {
        guard let files = EmbeddingFiles(path) else {
            throw UsageError("'\(printable(path))' is neither FILE.npy nor FILE.jsonl", path: parsed.path)
        }
        return files
    }

    /// Checks that the parts belong together and that each is there once.
    private static func check(_ parts: [Part]) throws(Failure) {
        guard let first = parts.first else { return }
        for part in parts.dropFirst() {
            let pair = "\(first.files.path) and \(part.files.path)"
            for key in first.manifest.common.keys + part.manifest.common.keys
            where first.manifest.common[key] != part.manifest.common[key] {
                throw Failure("\(pair) do not belong together: they differ in \"\(key)\"", .badData)
            }
            guard part.manifest.shard.count == first.manifest.shard.count else {
                throw Failure(
                    "\(pair) do not belong together: one is of \(first.manifest.shard.count) parts, the other of "
                        + "\(part.manifest.shard.count)", .badData)
            }
        }
        var paths: [Int: String] = [:]
        for part in parts {
            if let other = paths.updateValue(part.files.path, forKey: part.manifest.shard.index) {
                throw Failure("\(other) and \(part.files.path) are both part \(part.manifest.shard.index)", .badData)
            }
        }
        let missing = (1...first.manifest.shard.count).filter { paths[$0] == nil }
        guard missing.isEmpty else {
            let shown = missing.prefix(10).map(String.init).joined(separator: ", ")
            throw Failure(
                "part\(missing.count == 1 ? "" : "s") \(shown)\(missing.count > 10 ? ", ..." : "") of "
                    + "\(first.manifest.shard.count) missing", .badData)
        }
        let widths = Set(parts.filter { $0.manifest.rows > 0 }.map(\.manifest.width))
        guard widths.count <= 1 else {
            throw Failure(
                "the parts have vectors of \(widths.sorted().map(String.init).joined(separator: " and "))", .badData)
        }
    }

    /// Appends a file without its header, and checks that it is what its manifest says.
    private static func copy(
        _ path: String, _ summary: HashedFile.Summary, header: [UInt8], to target: inout HashedFile
    ) throws {
        let file = try RegularFile(path)
        guard file.size == summary.bytes, file.size >= header.count,
            try file.bytes(at: 0, count: header.count) == header
        else { throw changed(path) }
        var hash = SHA256()
        hash.update(header)
        var place = header.count
        while place < file.size, Interruption.exitCode == nil {
            let bytes = try file.bytes(at: place, count: min(1 << 20, file.size - place))
            hash.update(bytes)
            try target.append(bytes)
            place += bytes.count
        }
        guard hash.hexadecimal() == summary.hash || Interruption.exitCode != nil else { throw changed(path) }
    }

    private static func changed(_ path: String) -> Failure {
        Failure("\(path): it is not what its manifest says; embed this part again", .badData)
    }
}
