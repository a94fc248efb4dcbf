public import Checkpoints

/// Where the hub is, what it is told, and where what it gives is kept.
public struct HubSettings: Sendable {
    /// The hub's address.
    public var endpoint: WebAddress
    /// The cache that is filled.
    public var cache: HFCache
    /// Whether no connection may be opened.
    public var isOffline: Bool
    /// Certificates to trust instead of the system's, a PEM file.
    public var certificates: String?
    /// What is sent to the endpoint's own origin, and nowhere else.
    var token: Token?
    /// The proxies for http, for https, and the hosts that need none.
    var proxies: Proxies
    /// How long to wait, and how often to try.
    public var patience = Patience()

    /// Limits on waiting.
    public struct Patience: Sendable {
        /// The longest wait for a connection, in seconds.
        public var connectSeconds = 10.0
        /// An exchange slower than ``stallBytes`` a second for this many seconds is given up.
        public var stallSeconds = 30
        /// See ``stallSeconds``.
        public var stallBytes = 1024
        /// How often something is tried again that brought nothing new.
        public var retries = 5
        /// The wait before the first of them in seconds, doubled each time up to eight times.
        public var retrySeconds = 1.0
        /// The longest wait that a server may ask for, in seconds.
        public var longestWait = 120.0

        /// The usual limits.
        public init() {}
    }

    /// The environment variables that have a say.
    public static let variables = [
        "HF_ENDPOINT", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_DISABLE_IMPLICIT_TOKEN",
        "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "XDG_CACHE_HOME",
        "HOME", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY",
        "SSL_CERT_FILE",
    ]

    /// What an environment asks for; see ``variables``. `HF_TOKEN` goes before the file that `HF_TOKEN_PATH` names, or
    /// `token` in `HF_HOME`.
    ///
    /// - Parameters:
    ///   - environment: the variables; those that are empty count as absent.
    ///   - isOffline: whether no connection may be opened, whatever the variables say.
    /// - Throws: ``HubError`` where a variable has a value that means nothing.
    public init(environment: [String: String], isOffline: Bool = false) throws(HubError) {
        func value(_ key: String) -> String? { environment[key].flatMap { $0.isEmpty ? nil : $0 } }
        func isSet(_ key: String) -> Bool {
            ["1", "ON", "YES", "TRUE"].contains((value(key) ?? "").uppercased())
        }
        let address = value("HF_ENDPOINT") ?? "https://huggingface.co"
        guard let endpoint = WebAddress(address), !endpoint.path.contains("?") else {
            throw .setting(name: "HF_ENDPOINT", reason: "expected http:// or https://, a host, and no user's name")
        }
        self.endpoint = endpoint
        self.isOffline =
            isOffline || isSet("HF_HUB_OFFLINE") || (value("HF_HUB_OFFLINE") == nil && isSet("TRANSFORMERS_OFFLINE"))
        do { cache = try HFCache(environment: environment) } catch { throw .cache(error) }
        certificates = value("SSL_CERT_FILE")
        proxies = Proxies(value)
        token = try Self.token(value, isOptional: isSet("HF_HUB_DISABLE_IMPLICIT_TOKEN"))
    }

    private static func token(_ value: (String) -> String?, isOptional: Bool) throws(HubError) -> Token? {
        guard !isOptional else { return nil }
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"] {
            if let token = try value(name).flatMap({ text throws(HubError) in try Token(text, from: name) }) {
                return token
            }
        }
        let home = value("HOME") ?? ""
        let caches = value("XDG_CACHE_HOME") ?? (home.isEmpty ? nil : FileSystem.join(home, ".cache"))
        let folder = value("HF_HOME") ?? caches.map { FileSystem.join($0, "huggingface") }
        guard var path = value("HF_TOKEN_PATH") ?? folder.map({ FileSystem.join($0, "token") }) else { return nil }
        if path.hasPrefix("~/"), !home.isEmpty { path = FileSystem.join(home, String(path.dropFirst(2))) }
        guard FileSystem.exists(path) else { return nil }
        let bytes: [UInt8]
        do { bytes = try FileSystem.read(path, limit: 4096) } catch { throw .file(error) }
        return try Token(String(decoding: bytes, as: UTF8.self), from: path)
    }
}
