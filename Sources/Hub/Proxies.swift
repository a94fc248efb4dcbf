/// Which proxy leads to a server, as the usual variables say. `HTTP_PROXY` is not among them: under CGI a request's
/// header could set it.
struct Proxies: Sendable {
    private var plain: String?
    private var secure: String?
    private var exceptions: [String]

    /// - Parameter value: the value of a variable, `nil` where it is absent or empty.
    init(_ value: (String) -> String?) {
        let all = value("all_proxy") ?? value("ALL_PROXY")
        plain = value("http_proxy") ?? all
        secure = value("https_proxy") ?? value("HTTPS_PROXY") ?? all
        exceptions = (value("no_proxy") ?? value("NO_PROXY") ?? "").split { $0 == "," || $0 == " " }
            .map { $0.lowercased() }
    }

    /// The proxy for an address; `nil` where the way is direct.
    func proxy(for address: WebAddress) -> String? {
        guard let proxy = address.isSecure ? secure : plain else { return nil }
        for exception in exceptions {
            if exception == "*" { return nil }
            let parts = exception.split(separator: ":", maxSplits: 1)
            if parts.count == 2, !exception.hasPrefix("["), Int(parts[1]).map({ $0 != address.port }) ?? false {
                continue
            }
            let name = String(exception.hasPrefix("[") ? exception[...] : parts.first ?? "")
            let bare = name.hasPrefix(".") ? String(name.dropFirst()) : name
            if address.host == bare || address.host.hasSuffix("." + bare) { return nil }
        }
        return proxy
    }
}
