import JSON

/// The folder of an index; the shards that the index names must lie in it.
struct ShardFolder {
    /// A name that leads elsewhere or to nothing.
    struct Refusal: Error {
        var expected: String
        /// What is wrong with the name, to follow it in a message.
        var found: String
    }

    /// The folder as it was given.
    let path: String
    /// What the shards' names end in: as the index's own, so that an index of safetensors leads to nothing else.
    let ending: String

    init(ofIndex index: String) {
        let name = index.dropLast(".index.json".count)
        ending = Checkpoint.pytorchEndings.first { name.hasSuffix($0) } ?? ".safetensors"
        let parts = index.utf8.lastIndex(of: UInt8(ascii: "/"))
        path = parts.map { $0 == index.startIndex ? "/" : String(index[..<$0]) } ?? "."
    }

    /// The path without links of a shard.
    ///
    /// A name is relative, goes down only, and ends as the index's own name does. Links may not leave the folder,
    /// except as the Hugging Face cache lays them out: from `snapshots/<commit>/` to a file in `blobs/` beside
    /// `snapshots`.
    func path(of name: String) throws(Refusal) -> String {
        let relative = "a file name in the index's folder"
        guard !name.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\\") || $0 == UInt8(ascii: ":") }) else {
            throw Refusal(expected: relative, found: ", which holds a character that is not allowed")
        }
        let parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard !parts.contains(where: { $0.isEmpty || $0.elementsEqual(".".utf8) || $0.elementsEqual("..".utf8) }) else {
            throw Refusal(expected: relative, found: ", which is absolute or not plain")
        }
        guard name.hasSuffix(ending) else {
            throw Refusal(expected: "a file name that ends in \(ending)", found: "")
        }
        let folder: String
        let target: String
        do {
            folder = try FileSystem.resolve(path)
            target = try FileSystem.resolve(FileSystem.join(path, name))
        } catch {
            throw Refusal(expected: "a file in the index's folder", found: ": \(error.cause)")
        }
        guard target.utf8.starts(with: (folder == "/" ? folder : folder + "/").utf8) || isBlob(target, of: folder)
        else {
            throw Refusal(expected: "a file in the index's folder", found: ", a link out of it")
        }
        return target
    }

    /// Whether `folder` lies in `R/snapshots/<commit>` and `target` is a file in `R/blobs`, for some R.
    private func isBlob(_ target: String, of folder: String) -> Bool {
        let slash = UInt8(ascii: "/")
        let folderParts = folder.utf8.split(separator: slash)
        let targetParts = target.utf8.split(separator: slash)
        guard let snapshots = folderParts.lastIndex(where: { $0.elementsEqual("snapshots".utf8) }),
            snapshots + 1 < folderParts.count, targetParts.count == snapshots + 2
        else { return false }
        return targetParts[..<snapshots].elementsEqual(folderParts[..<snapshots], by: { $0.elementsEqual($1) })
            && targetParts[snapshots].elementsEqual("blobs".utf8)
    }
}
