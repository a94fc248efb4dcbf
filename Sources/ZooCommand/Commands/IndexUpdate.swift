import Checkpoints
import Glibc
import ModelZoo
import VectorIndex

/// The pictures of a folder, as an index knows them.
struct IndexedFolder {
    /// The folder's absolute path without links.
    let folder: [UInt8]
    /// The pictures, in the bytewise order of their paths, which start below the folder.
    let entries: [IndexEntry]
    /// What could not be looked at.
    let failures: [InputError]

    /// Looks through a folder.
    ///
    /// - Throws: ``InputError`` where the folder itself cannot be read.
    init(_ place: InputPath) throws(InputError) {
        guard let resolved = place.withCString({ realpath($0, nil) }) else {
            throw InputError(path: place, reason: .system(errno))
        }
        defer { free(resolved) }
        folder = UnsafeBufferPointer(start: resolved, count: strlen(resolved)).map(UInt8.init(bitPattern:))
        let start = place.appending([]).bytes.count
        var entries: [IndexEntry] = []
        var failures: [InputError] = []
        var walk = FolderWalk(place, extensions: InputList.pictures)
        while let found = walk.next() {
            switch found {
            case .failure(let error):
                guard error.path != place else { throw error }
                failures.append(error)
            case .success(let path):
                guard let state = FileState(path) else { continue }
                entries.append(
                    IndexEntry(path: Array(path.bytes[start...]), size: state.size, modified: state.modified))
            }
        }
        self.entries = entries
        self.failures = failures
    }

    /// A model's name that means the same from every folder: paths become absolute.
    static func lasting(_ entry: Registry.Entry) -> String {
        guard !entry.name.hasPrefix("hf:"), entry.name == entry.weights.file ?? entry.folder else { return entry.name }
        return (try? FileSystem.resolve(entry.name)) ?? entry.name
    }
}

/// What must be done to bring an index up to date, and the vectors as they come.
struct IndexUpdate {
    /// How many pictures are in what state.
    struct Counts: Equatable {
        var (new, changed, removed, unchanged) = (0, 0, 0, 0)
    }

    /// The pictures that need a vector, as places among the folder's.
    let work: [Int]
    /// Those of ``work`` that are done.
    private(set) var done = 0
    /// The outcome so far: pictures whose vector could not be made are not in the index, new or not.
    private(set) var counts: Counts

    private let entries: [IndexEntry]
    private let old: IndexFile?
    /// For each picture of the folder, its place in the old index where it is unchanged.
    private let kept: [Int?]
    /// The vectors of ``work`` that could be made, one after the other.
    private var vectors: [Float] = []
    private var width: Int?
    /// Whether the picture of each place of ``work`` has a vector.
    private var succeeded: [Bool] = []
    /// Whether the old index has the picture of each place of ``work`` in another state.
    private let isChange: [Bool]

    /// Compares a folder with its index. Both lists are in order.
    init(_ entries: [IndexEntry], old: IndexFile?) {
        let known = old?.entries ?? []
        var counts = Counts()
        var kept: [Int?] = []
        var (work, isChange): ([Int], [Bool]) = ([], [])
        var place = 0
        for (index, entry) in entries.enumerated() {
            while place < known.count, known[place].path.lexicographicallyPrecedes(entry.path) {
                counts.removed += 1
                place += 1
            }
            let isKnown = place < known.count && known[place].path == entry.path
            if isKnown, known[place] == entry {
                counts.unchanged += 1
                kept.append(place)
            } else {
                work.append(index)
                isChange.append(isKnown)
                kept.append(nil)
            }
            if isKnown { place += 1 }
        }
        counts.removed += known.count - place
        (self.entries, self.old, self.kept, self.work, self.isChange) = (entries, old, kept, work, isChange)
        self.counts = counts
        width = old?.description.width
    }

    /// Takes the vector of the next picture of ``work``.
    mutating func add(_ vector: Result<[Float], Failure>) {
        switch vector {
        case .success(let values):
            width = values.count
            vectors += values
            succeeded.append(true)
            if isChange[done] { counts.changed += 1 } else { counts.new += 1 }
        case .failure:
            succeeded.append(false)
            if isChange[done] { counts.removed += 1 }
        }
        done += 1
    }

    /// Whether the new index differs from the old one.
    var changesAnything: Bool { old == nil || counts.new > 0 || counts.changed > 0 || counts.removed > 0 }

    /// The pictures that the new index has.
    var entryCount: Int { entries.count - succeeded.count { !$0 } }

    /// Writes the new index; the old one, which is read meanwhile, stays until it is whole.
    ///
    /// - Throws: ``Failure`` where no vector tells how wide the index is, ``VectorIndexError`` where it cannot be
    ///   written.
    func write(to path: String, model: String, identity: String, folder: [UInt8]) throws {
        guard let width else { throw Failure("no picture could be used, so there is no index", .badData) }
        var failed: Set<Int> = []
        for (place, index) in work.enumerated() where !succeeded[place] { failed.insert(index) }
        let present = entries.indices.filter { !failed.contains($0) }
        var writer = try IndexWriter(
            path,
            description: IndexDescription(model: model, identity: identity, folder: folder, width: width),
            entries: present.map { entries[$0] })
        var taken = 0
        var next = present[...]
        while let first = next.first {
            guard let old, let start = kept[first] else {
                try writer.append(Array(vectors[taken..<taken + width]))
                taken += width
                next = next.dropFirst()
                continue
            }
            // A run of unchanged pictures that were neighbours in the old index is copied as a whole.
            let limit = max(1, Self.copiedFloats / width)
            var count = 0
            while count < next.count, count < limit, kept[next[next.startIndex + count]] == start + count { count += 1 }
            try writer.append(try old.vectors(start..<start + count))
            next = next.dropFirst(count)
        }
        try writer.finish()
    }

    /// Numbers that are copied at a time.
    private static let copiedFloats = 1 << 20
}

extension InputPath {
    /// Whether anything is at the path, links followed.
    var exists: Bool { FileState(self) != nil }
}
