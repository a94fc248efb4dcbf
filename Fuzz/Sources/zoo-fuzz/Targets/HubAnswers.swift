#if canImport(Hub)
    @testable import Hub

    extension Target {
        /// What reads the answers of a hub.
        static let hub = [
            Target(name: "hub-headers", run: fuzzHubHeaders), Target(name: "hub-listing", run: fuzzHubListing),
        ]
    }

    /// Any lines as the head of a hub's answer, and where it sends.
    @Sendable private func fuzzHubHeaders(_ bytes: [UInt8]) throws {
        var head = AnswerHead()
        for line in bytes.split(separator: 0x0A, omittingEmptySubsequences: false) {
            guard head.take(line + [0x0D, 0x0A]) == nil else { return }
        }
        for name in ["content-length", "x-linked-size"] { require((head.count(name) ?? 0) >= 0, "a negative \(name)") }
        require((head.contentSize ?? 0) >= 0, "a negative size")
        if let range = head.contentRange { require(0 <= range.start && range.start <= range.end, "\(range)") }
        _ = (head.contentTag, head.isRedirect)
        guard let location = head["location"], let start = WebAddress("https://hub.test:8443/a/b?c") else { return }
        guard let next = start.redirected(to: location) else { return }
        // Who reads the address again reads the same server.
        require(WebAddress(next.description) == next, "\(next) is read otherwise")
        require(next.path.hasPrefix("/") && !next.host.isEmpty && (1...65_535).contains(next.port), "\(next)")
        require(
            start.hasSameOrigin(as: next) == (next.isSecure && next.host == "hub.test" && next.port == 8443), "\(next)")
    }

    /// Any JSON as a hub's list of a repository's files.
    @Sendable private func fuzzHubListing(_ bytes: [UInt8]) throws {
        let listing = try RepositoryListing(answer: bytes, address: "input")
        require(listing.commit.utf8.count == 40, "the commit \(listing.commit)")
        for file in listing.files {
            require((file.bytes ?? 0) >= 0, "a negative size")
            guard RepositoryFile.refusal(of: file.name) == nil else { continue }
            let parts = file.name.split(separator: "/", omittingEmptySubsequences: false)
            require(
                !parts.contains("..") && !parts.contains(".") && !parts.contains(""), "\(file.name) leads elsewhere")
        }
    }
#else
    extension Target {
        /// There is no hub in this package.
        static let hub: [Target] = []
    }
#endif
