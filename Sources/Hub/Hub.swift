import Checkpoints

/// The door to a hub: finds out what a model consists of, and fetches it into the cache.
///
/// A file is seen in the cache only when all of it is there, its hash is the hub's, and it is on the disk.
public struct Hub {
    /// Where the hub is, and where the cache.
    public let settings: HubSettings
    private let proceeds: () -> Bool

    /// A hub.
    ///
    /// - Parameters:
    ///   - settings: where it is, and where the cache.
    ///   - proceeds: asked about once a second, and between two pieces; `false` breaks off what is done, and
    ///     ``HubError/cancelled`` is thrown. What has come of a file stays for the next time.
    public init(_ settings: HubSettings, proceeds: @escaping () -> Bool = { true }) {
        self.settings = settings
        self.proceeds = proceeds
    }

    /// What is to be done to have a model.
    ///
    /// Nothing is asked of the hub for a whole commit whose listing and files are all in the cache.
    ///
    /// - Parameters:
    ///   - reference: `name` or `org/name`, with `@revision` or without (then `main`).
    ///   - selection: which of its files.
    ///   - observe: told of waits.
    public func plan(
        _ reference: String, _ selection: FileSelection = FileSelection(),
        observe: @escaping (PullEvent) -> Void = { _ in }
    ) throws(HubError) -> PullPlan {
        let parsed: RepositoryReference
        do { parsed = try RepositoryReference(reference) } catch {
            throw .reference(reference, reason: error.reason)
        }
        let repository = CachedRepository(cache: settings.cache.folder, folderName: parsed.folderName)
        if let known = try cached(parsed, reference, repository, selection) { return known }
        let exchange = try Exchange(settings, reference: reference, proceeds: proceeds) {
            observe(.waits(seconds: $0, reason: $1))
        }
        var listing = try list(parsed, reference, exchange)
        let wanted = try self.wanted(selection, listing, reference)
        for file in wanted where file.bytes == nil || file.hash == nil {
            guard let index = listing.files.firstIndex(where: { $0.name == file.name }) else { continue }
            listing.files[index] = try describe(file, parsed.name, listing.commit, reference, exchange)
        }
        return plan(parsed, repository, listing, selection)
    }

    private func plan(
        _ reference: RepositoryReference, _ repository: CachedRepository, _ listing: RepositoryListing,
        _ selection: FileSelection
    ) -> PullPlan {
        let files = selection.apply(to: listing.files).compactMap { file -> PullPlan.File? in
            guard let bytes = file.bytes, let hash = file.hash else { return nil }
            let isCached = repository.has(file, in: listing.commit) || repository.hasBlob(file)
            return PullPlan.File(name: file.name, bytes: bytes, hash: hash, isCached: isCached)
        }
        return PullPlan(
            name: reference.name, revision: reference.revision, commit: listing.commit,
            folder: repository.snapshot(listing.commit), files: files, repository: repository, listing: listing)
    }

    /// The plan that needs no question: all of a commit is there, or, where no question may be asked, of what a branch
    /// last stood for.
    private func cached(
        _ reference: RepositoryReference, _ text: String, _ repository: CachedRepository, _ selection: FileSelection
    ) throws(HubError) -> PullPlan? {
        let commit =
            RepositoryReference.isCommit(reference.revision)
            ? reference.revision : settings.isOffline ? repository.commit(of: reference.revision) : nil
        guard let commit, let listing = RepositoryListing(stored: repository.tree(commit), commit: commit) else {
            return nil
        }
        let wanted = try self.wanted(selection, listing, text)
        guard wanted.allSatisfy({ repository.has($0, in: commit) }) else { return nil }
        return plan(reference, repository, listing, selection)
    }

    /// The files that are wanted, whose names may become paths.
    private func wanted(
        _ selection: FileSelection, _ listing: RepositoryListing, _ reference: String
    ) throws(HubError) -> [RepositoryFile] {
        let wanted = selection.apply(to: listing.files)
        guard !wanted.isEmpty else {
            throw .noFiles(
                reference: reference, expected: selection.expectation, found: listing.files.map(\.name))
        }
        for file in wanted {
            if let reason = RepositoryFile.refusal(of: file.name) {
                throw .fileName(reference: reference, name: file.name, reason: reason)
            }
        }
        return wanted
    }

    private func address(_ path: String) throws(HubError) -> WebAddress {
        guard let address = settings.endpoint.appending(path) else {
            throw .setting(name: "HF_ENDPOINT", reason: "the address of a file would be too long")
        }
        return address
    }

    /// Asks for the listing of a revision.
    private func list(
        _ reference: RepositoryReference, _ text: String, _ exchange: Exchange
    ) throws(HubError) -> RepositoryListing {
        let revision = WebAddress.encoded(reference.revision).split(separator: "/").joined(separator: "%2F")
        let address = try address("/api/models/\(reference.name)/revision/\(revision)?blobs=true")
        let answer = KeptAnswer(address, limit: RepositoryListing.mostBytes)
        try exchange.persist { () throws(HubError) in
            let (end, last) = try exchange.ask(address, into: answer)
            return try exchange.fault(end, at: last) ?? exchange.fault(answer.head, at: last)
        }
        guard answer.head.status == 200 else {
            throw exchange.refusal(answer.head.status, answer.head, reference: text, at: address)
        }
        let listing = try RepositoryListing(answer: answer.bytes, address: address.shown)
        guard !RepositoryReference.isCommit(reference.revision) || listing.commit == reference.revision else {
            throw .answer(
                address: address.shown, expected: "the commit \(reference.revision)", found: listing.commit)
        }
        return listing
    }

    /// Asks for size and hash of a file whose listing lacks them.
    private func describe(
        _ file: RepositoryFile, _ name: String, _ commit: String, _ reference: String, _ exchange: Exchange
    ) throws(HubError) -> RepositoryFile {
        let address = try address("/\(name)/resolve/\(commit)/\(WebAddress.encoded(file.name))")
        let answer = KeptAnswer(address, limit: .max)
        try exchange.persist { () throws(HubError) in
            // Where the contents lie says nothing of them.
            let (end, last) = try exchange.ask(address, isHead: true, staysHome: true, into: answer)
            return try exchange.fault(end, at: last) ?? exchange.fault(answer.head, at: last)
        }
        let head = answer.head
        guard head.status == 200 || head.isRedirect else {
            throw exchange.refusal(head.status, head, reference: reference, at: address)
        }
        guard head["x-repo-commit"] == commit else {
            throw .answer(
                address: address.shown, expected: "X-Repo-Commit: \(commit)",
                found: head["x-repo-commit"]?.quoted ?? "none")
        }
        guard let tag = head.contentTag, let hash = ContentHash(tag) else {
            throw .answer(
                address: address.shown, expected: "an ETag of 40 or 64 hexadecimal digits",
                found: head.contentTag?.quoted ?? "none")
        }
        guard let size = head.contentSize, size <= RepositoryFile.largest else {
            throw .answer(address: address.shown, expected: "the size of the file", found: "none")
        }
        var file = file
        guard file.hash ?? hash == hash, file.bytes ?? size == size else {
            throw .answer(address: address.shown, expected: "what the listing says", found: "\(size) bytes, \(hash)")
        }
        file.hash = hash
        file.bytes = size
        return file
    }
}

extension Hub {
    /// Carries a plan out: fetches what is missing, then notes what the revision stands for.
    ///
    /// - Parameters:
    ///   - plan: made by ``plan(_:_:observe:)``.
    ///   - observe: told of what happens.
    /// - Returns: the folder with the model's files.
    public func pull(_ plan: PullPlan, observe: @escaping (PullEvent) -> Void = { _ in }) throws(HubError) -> String {
        let repository = plan.repository
        let shown = plan.files.filter { file in
            repository.has(RepositoryFile(name: file.name, bytes: file.bytes, hash: file.hash), in: plan.commit)
        }
        // A cache that cannot be written to is as good as any where all is there.
        if shown.count == plan.files.count {
            try? repository.note(plan.revision, standsFor: plan.commit)
            return plan.folder
        }
        try checkRoom(plan)
        do throws(FileError) { try repository.prepare() } catch { throw .file(error) }
        var exchange: Exchange?
        for file in plan.files where !shown.contains(where: { $0.name == file.name }) {
            try fetch(file, plan, &exchange, observe)
        }
        do throws(FileError) {
            try repository.keep(plan.listing)
            try repository.note(plan.revision, standsFor: plan.commit)
        } catch { throw .file(error) }
        return plan.folder
    }

    private func checkRoom(_ plan: PullPlan) throws(HubError) {
        var needed = 0
        var counted: Set<ContentHash> = []
        for file in plan.files where !file.isCached && counted.insert(file.hash).inserted { needed += file.bytes }
        needed -= min(needed, PartialFile.bytesLeft(in: plan.repository, counted))
        let available: Int
        do { available = try FileSystem.freeBytes(at: plan.repository.cache) } catch { throw .file(error) }
        guard needed <= available else {
            throw .noSpace(folder: plan.repository.cache, needed: needed, available: available)
        }
    }

    private func fetch(
        _ file: PullPlan.File, _ plan: PullPlan, _ exchange: inout Exchange?, _ observe: @escaping (PullEvent) -> Void
    ) throws(HubError) {
        let repository = plan.repository
        let described = RepositoryFile(name: file.name, bytes: file.bytes, hash: file.hash)
        let locks = FileSystem.join(repository.cache, ".locks/\(repository.folderName)")
        do { try FileSystem.makeFolder(locks) } catch { throw .file(error) }
        let lock = try FileLock(
            FileSystem.join(locks, "\(file.hash).lock"), waits: { observe(.waitsForAnother(file: file.name)) },
            proceeds: proceeds)
        if !repository.hasBlob(described) {
            let partial = try PartialFile.open(in: repository, file.hash, size: file.bytes, proceeds: proceeds)
            observe(.began(file: file.name, bytes: file.bytes, present: partial.count))
            let way: Exchange
            if let exchange {
                way = exchange
            } else {
                way = try Exchange(settings, reference: plan.name, proceeds: proceeds) {
                    observe(.waits(seconds: $0, reason: $1))
                }
                exchange = way
            }
            let address = try address("/\(plan.name)/resolve/\(plan.commit)/\(WebAddress.encoded(file.name))")
            let download = Download(
                way, address, described, commit: plan.commit, reference: "\(plan.name)@\(plan.revision)",
                into: partial
            ) { observe(.advanced($0)) }
            try download?.run()
            do { try partial.commit(to: repository.blob(file.hash)) } catch { throw .file(error) }
        } else {
            observe(.began(file: file.name, bytes: file.bytes, present: file.isCached ? 0 : file.bytes))
        }
        do { try repository.show(file.name, as: file.hash, in: plan.commit) } catch { throw .file(error) }
        observe(.ended(file: file.name))
        withExtendedLifetime(lock) {}
    }
}
