public import Checkpoints
public import Files

/// The hub does not give what was asked for, or it cannot be kept.
public enum HubError: Error, Sendable, CustomStringConvertible {
    /// Something would have to be fetched, and no connection may be opened.
    case offline(reference: String)
    /// A variable or a file of settings has a value that means nothing. The value is not repeated: it may be secret.
    case setting(name: String, reason: String)
    /// A text that names no model.
    case reference(String, reason: String)
    /// No connection, or it broke off again and again.
    case connection(address: String, reason: String)
    /// The server is not who it should be.
    case insecure(address: String, reason: String)
    /// The hub knows no such model, or shows it only to others.
    case notFound(reference: String, sentToken: Bool)
    /// The model has no such revision.
    case noRevision(reference: String)
    /// The model is for those alone who have accepted its terms.
    case gated(reference: String, sentToken: Bool)
    /// The hub refuses with another status.
    case status(Int, address: String)
    /// The server asks to come back later than anyone would wait.
    case busy(address: String, seconds: Double)
    /// An answer that the hub must not give: what was expected, and what came.
    case answer(address: String, expected: String, found: String)
    /// A file name of the repository that must not become a path.
    case fileName(reference: String, name: String, reason: String)
    /// The repository holds nothing that is asked for.
    case noFiles(reference: String, expected: String, found: [String])
    /// What came is not the file that the hub describes.
    case damaged(file: String, expected: String, found: String)
    /// The disk has no room; bytes.
    case noSpace(folder: String, needed: Int, available: Int)
    /// A file or folder of the cache cannot be used.
    case file(FileError)
    /// The cache cannot be used.
    case cache(CheckpointError)
    /// The caller wanted no more.
    case cancelled

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .offline(let reference):
            "\(reference.quoted) is not in the cache, and no connection may be opened (--offline, HF_HUB_OFFLINE)"
        case .setting(let name, let reason): "\(name): \(reason)"
        case .reference(let text, let reason): "\(text.quoted) is no org/name[@revision]: \(reason)"
        case .connection(let address, let reason): "\(address): \(reason)"
        case .insecure(let address, let reason): "\(address): the server is not trusted: \(reason)"
        case .notFound(let reference, let sentToken):
            "the hub has no model \(reference.quoted), or shows it only to others; "
                + (sentToken ? "the token that was sent does not help" : "a private one needs HF_TOKEN")
        case .noRevision(let reference): "the hub has no such revision: \(reference.quoted)"
        case .gated(let reference, let sentToken):
            "\(reference.quoted) is for those who have accepted its terms on its page of the hub; "
                + (sentToken ? "the token that was sent is not of one of them" : "set HF_TOKEN to a token of yours")
        case .status(let status, let address): "\(address): the server answers with status \(status)"
        case .busy(let address, let seconds):
            "\(address): the server asks to wait for \(Int(min(seconds, 1e9))) s; try again later"
        case .answer(let address, let expected, let found): "\(address): expected \(expected), found \(found)"
        case .fileName(let reference, let name, let reason):
            "\(reference): the file name \(name.quoted) is refused: \(reason)"
        case .noFiles(let reference, let expected, let found):
            "\(reference): nothing to fetch: expected \(expected), found "
                + (found.isEmpty ? "no files" : found.prefix(20).map(\.quoted).joined(separator: ", "))
        case .damaged(let file, let expected, let found):
            "\(file): the hash is \(found), the hub states \(expected); what came was thrown away"
        case .noSpace(let folder, let needed, let available):
            "\(folder): \(needed) bytes are needed, \(available) are free"
        case .file(let error): error.description
        case .cache(let error): error.description
        case .cancelled: "interrupted"
        }
    }
}
