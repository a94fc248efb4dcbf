import Arguments
import Checkpoints
import Glibc
import Hub
import ModelZoo

extension CommandContext {
    /// The hub of the environment.
    ///
    /// - Throws: `HubError` where a variable has a value that means nothing.
    func hub() throws(HubError) -> Hub {
        Hub(try HubSettings(environment: environment, isOffline: isOffline), proceeds: { Interruption.exitCode == nil })
    }

    /// The folder of a model, which is fetched where it is a published one that is not there: with `--yes`, or after a
    /// question where somebody can answer.
    func find(_ name: String) throws -> Registry.Entry {
        do throws(RegistryError) { return try registry.find(name) } catch {
            guard case .cache(.cache(let missing)) = error, missing.isAbsence else { throw error }
            let hub = try hub()
            guard !hub.settings.isOffline else { throw HubError.offline(reference: missing.reference) }
            guard saysYes || canAsk else { throw error }
            let model = registry.published(name)
            let plan = try hub.plan(missing.reference, FileSelection(included: model?.files ?? []))
            if let model { try Self.check(plan, against: model) }
            guard try saysYes || ask(plan, hub, model) else {
                throw Failure("\(printable(name)) is not on this computer and was not fetched", .unavailable)
            }
            try fetch(plan, hub, model)
            return try registry.find(name)
        }
    }

    /// Carries a plan out and shows how it goes.
    ///
    /// - Returns: the folder with the model's files.
    @discardableResult
    func fetch(_ plan: PullPlan, _ hub: Hub, _ model: PublishedModel?) throws -> String {
        let progress = PullProgress(self, bytes: plan.bytesToFetch)
        defer { progress.finish() }
        let folder = try hub.pull(plan, observe: progress.take)
        // Small files are named by another hash on the hub.
        for (file, hash) in model?.hashes ?? [:] where plan.files.contains(where: { $0.name == file }) {
            let path = FileSystem.join(folder, file)
            guard try SHA256.hexadecimal(ofFile: path) != hash else { continue }
            throw Failure("\(path): its SHA-256 is not \(hash), as the registry has it", .badData)
        }
        return folder
    }

    /// Makes sure before anything is fetched that the hub's large files are those of the registry.
    static func check(_ plan: PullPlan, against model: PublishedModel) throws(Failure) {
        for file in plan.files {
            guard let stated = model.hashes[file.name], case .sha256(let found) = file.hash, found != stated else {
                continue
            }
            throw Failure(
                "\(plan.name): the hub has \(file.name) with SHA-256 \(found), the registry states \(stated)", .badData)
        }
    }

    /// Whether there is somebody to ask: nothing is read from a pipe, and messages are seen.
    private var canAsk: Bool { isatty(0) == 1 && messageTerminal.isInteractive && !isQuiet }

    private func ask(_ plan: PullPlan, _ hub: Hub, _ model: PublishedModel?) throws -> Bool {
        let files = plan.files.count == 1 ? "1 file" : "\(plan.files.count) files"
        let license = model?.license.map { ", licence \($0)" } ?? ""
        return try ask(
            "\(plan.name) is not on this computer. Fetch \(Format.bytes(plan.bytesToFetch)) in \(files)\(license) from "
                + "\(hub.settings.endpoint)? [y/N] ")
    }

    /// Puts a question to the terminal.
    func ask(_ question: String) throws -> Bool {
        writeToStandardError(printable(question, limit: 1000))
        // A signal breaks the wait off, which a buffered reader would take up again.
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(0, &bytes, bytes.count)
        if let code = Interruption.exitCode {
            writeToStandardError("\n")
            throw Failure("interrupted", code)
        }
        let answer = String(decoding: bytes.prefix(max(0, count)).prefix { $0 > 0x20 }, as: UTF8.self).lowercased()
        return answer == "y" || answer == "yes"
    }

    /// Whether a question about what is lost is answered with yes, here or by `--yes`.
    ///
    /// - Throws: ``Failure`` where there is nobody to ask.
    func confirms(_ question: String) throws -> Bool {
        if saysYes { return true }
        guard canAsk else { throw Failure("nobody is there to be asked: say --yes to go on", .usage) }
        return try ask("\(question) [y/N] ")
    }
}

extension HFCacheError {
    /// Whether the cache is in order and does not have what was asked for.
    fileprivate var isAbsence: Bool {
        switch reason {
        case .noRepository, .noRevision, .noSnapshot: true
        case .noHome, .invalidReference, .ambiguous, .damagedRevision: false
        }
    }
}
