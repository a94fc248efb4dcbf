/// A model is not to be had from the Hugging Face cache.
public struct HFCacheError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What was asked for.
    public var reference: String
    /// The cache's folder; empty where none could be determined.
    public var folder: String
    /// Why there is no answer.
    public var reason: Reason

    /// Why a cache gives no answer.
    public enum Reason: Sendable, Equatable {
        /// The environment names no folder: neither a variable for the cache nor a home.
        case noHome
        /// The reference is not `name` or `org/name`, with `@revision` or without.
        case invalidReference(String)
        /// The repository is not in the cache.
        case noRepository
        /// The repository is there without the revision; `known` are those that are there.
        case noRevision(String, known: [String])
        /// Several commits start with these digits.
        case ambiguous(String, commits: [String])
        /// A branch or tag is stored as something other than a commit.
        case damagedRevision(file: String)
        /// The commit is known, its files are not there.
        case noSnapshot(commit: String)
    }

    /// The sentence a person reads.
    public var description: String {
        let place = "\(reference.quoted) in the Hugging Face cache \(folder)"
        return switch reason {
        case .noHome: "the Hugging Face cache has no folder: set HF_HUB_CACHE, HF_HOME or HOME"
        case .invalidReference(let why): "\(reference.quoted) is no org/name[@revision]: \(why)"
        case .noRepository: "\(place): the model is not there; fetch it first: zoo pull \(reference)"
        case .noRevision(let revision, let known):
            "\(place): no revision \(revision.quoted); there are \(known.isEmpty ? "none" : known.joined(separator: ", "))"
        case .ambiguous(let digits, let commits):
            "\(place): \(digits.quoted) is the start of several commits: \(commits.joined(separator: ", "))"
        case .damagedRevision(let file): "\(place): \(file) does not hold a commit of 40 hexadecimal digits"
        case .noSnapshot(let commit):
            "\(place): the files of commit \(commit) are not there; its download is incomplete"
        }
    }
}
