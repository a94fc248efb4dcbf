import HubTestSupport

/// A way in which a hub misbehaves, and what must come of it. Every fix of what was done about one adds a case.
struct Misbehaviour: Sendable, CustomStringConvertible {
    enum Outcome: Sendable {
        /// The model is there all the same.
        case whole
        /// An error that says so; nothing is to be seen in the cache.
        case refused(String)
    }

    let id: String
    let outcome: Outcome
    var model = StubHub.Model()
    let change: @Sendable (StubHub.Place, StubHub.Request, Int, StubHub.Reply) -> StubHub.Reply?

    var description: String { id }

    init(
        _ id: String, _ outcome: Outcome, listsHashes: Bool = true,
        change: @escaping @Sendable (StubHub.Place, StubHub.Request, Int, StubHub.Reply) -> StubHub.Reply?
    ) {
        self.id = id
        self.outcome = outcome
        self.change = change
        model.listsHashes = listsHashes
    }

    /// Changes a field of the hub's answers for one file, as a listing without hashes makes it ask for them.
    static func head(_ id: String, _ name: String, _ value: String?, _ expected: String) -> Misbehaviour {
        Misbehaviour(id, .refused(expected), listsHashes: false) { place, _, _, reply in
            var reply = reply
            if place == .file("model.safetensors") { reply[name] = value }
            return reply
        }
    }

    /// Changes the answers that carry the large file's contents.
    static func contents(
        _ id: String, _ outcome: Outcome,
        _ change: @escaping @Sendable (StubHub.Request, Int, inout StubHub.Reply) -> Void
    ) -> Misbehaviour {
        Misbehaviour(id, outcome) { place, request, before, reply in
            var reply = reply
            if case .contents = place { change(request, before, &reply) }
            return reply
        }
    }

    /// Changes the hub's answers for the large file, which are redirects.
    static func redirect(
        _ id: String, _ outcome: Outcome,
        _ change: @escaping @Sendable (StubHub.Request, Int, inout StubHub.Reply) -> Void
    ) -> Misbehaviour {
        Misbehaviour(id, outcome) { place, request, before, reply in
            var reply = reply
            if place == .file("model.safetensors") { change(request, before, &reply) }
            return reply
        }
    }

    /// Answers the question for the listing with a body.
    static func listing(_ id: String, _ expected: String, _ body: @escaping @Sendable () -> String) -> Misbehaviour {
        Misbehaviour(id, .refused(expected)) { place, _, _, reply in
            place == .listing ? StubHub.Reply(200, [], Array(body().utf8)) : reply
        }
    }

    private static let commit = StubHub.Model().commit
    private static let size = 100_003

    static let all: [Misbehaviour] =
        heads + lengths + ranges + statuses + redirects + listings + [
            contents("HB06 damaged", .refused("the hub states")) { _, _, reply in reply.body[7] ^= 1 },
            contents("HB06 damaged after a cut", .whole) { _, before, reply in
                if before == 0 {
                    reply.body[7] ^= 1
                    reply.cutAfter = 50_000
                }
            },
            contents("HB15 one byte at a time", .refused("Operation too slow")) { _, _, reply in reply.delay = 0.2 },
            contents("HB15 an answer without a word", .whole) { _, before, reply in if before < 2 { reply.raw = [] } },
            contents("HB30 endless head", .refused("an answer in HTTP")) { _, _, reply in
                for index in 0..<300 { reply["X-\(index)"] = "value" }
            },
            contents("HB30 long head", .refused("endless length")) { _, _, reply in
                for index in 0..<20 { reply["X-\(index)"] = String(repeating: "v", count: 9000) }
            },
            contents("HB30 no status", .refused("HTTP/0.9")) { _, _, reply in reply.raw = Array("HELLO\r\n\r\n".utf8) },
            contents("HB30 status of letters", .refused("HTTP version")) { _, _, reply in
                reply.raw = Array("HTTP/1.1 abc OK\r\n\r\n".utf8)
            },
        ]

    private static let heads: [Misbehaviour] = [
        head("HB01 etag of a path", "X-Linked-ETag", "\"../../x\"", "an ETag"),
        head("HB01 etag with a slash", "X-Linked-ETag", "\"a/b\"", "an ETag"),
        head("HB01 empty etag", "X-Linked-ETag", "\"\"", "an ETag"),
        head("HB01 etag of 10 kB", "X-Linked-ETag", String(repeating: "a", count: 10_000), "an ETag"),
        head("HB01 etag in capitals", "X-Linked-ETag", String(repeating: "A", count: 64), "an ETag"),
        head("HB01 no etag", "X-Linked-ETag", nil, "an ETag"),
        head("HB02 commit of a path", "X-Repo-Commit", "../..", "X-Repo-Commit"),
        head("HB02 another commit", "X-Repo-Commit", String(repeating: "a", count: 40), "X-Repo-Commit"),
        head("HB02 no commit", "X-Repo-Commit", nil, "X-Repo-Commit"),
        head("HB03 no size", "X-Linked-Size", nil, "the size of the file"),
        head("HB03 negative size", "X-Linked-Size", "-1", "the size of the file"),
        head("HB03 size of 30 digits", "X-Linked-Size", String(repeating: "9", count: 30), "the size of the file"),
        Misbehaviour("HB01 weak etag", .whole, listsHashes: false) { place, _, _, reply in
            var reply = reply
            if place == .file("model.safetensors") { reply["X-Linked-ETag"] = "W/" + (reply["X-Linked-ETag"] ?? "") }
            return reply
        },
    ]

    private static let lengths: [Misbehaviour] = [
        redirect("HB03 size one less", .refused("100003 bytes")) { $2["X-Linked-Size"] = "\(size - 1)" },
        redirect("HB03 size one more", .refused("100003 bytes")) { $2["X-Linked-Size"] = "\(size + 1)" },
        redirect("HB03 other etag", .refused("the hash")) { $2["X-Linked-ETag"] = String(repeating: "a", count: 64) },
        redirect("HB02 commit changes", .refused("the commit")) { $2["X-Repo-Commit"] = "../.." },
        contents("HB04 no length", .whole) { $2.hidesLength = true },
        contents("HB04 chunked", .whole) { _, _, reply in
            reply["Transfer-Encoding"] = "chunked"
            let digits = Array(String(reply.body.count, radix: 16).utf8)
            reply.body = digits + [13, 10] + reply.body + Array("\r\n0\r\nX-Repo-Commit: late\r\n\r\n".utf8)
        },
        contents("HB05 gzip", .refused("Content-Encoding")) { $2["Content-Encoding"] = "gzip" },
        contents("HB06 shorter", .refused("100003 bytes")) { _, _, reply in reply.body.removeLast() },
        contents("HB06 longer", .refused("100003 bytes")) { _, _, reply in reply.body.append(0) },
        contents("HB06 longer without a length", .refused("100003 bytes")) { _, _, reply in
            reply.hidesLength = true
            reply.body += StubHub.noise(300_000, seed: 2)
        },
        contents("HB06 empty", .refused("100003 bytes")) { _, _, reply in reply.body = [] },
    ]

    private static let ranges: [Misbehaviour] =
        (1...9).map { tenth in
            contents("HB07 cut at \(tenth)/10", .whole) { _, before, reply in
                if before == 0 { reply.cutAfter = size * tenth / 10 }
            }
        } + [
            contents("HB07 cut nine times", .whole) { _, before, reply in
                if before < 9 { reply.cutAfter = size / 10 }
            },
            contents("HB07 cut without end", .refused("bytes remaining")) { _, _, reply in reply.cutAfter = 0 },
            contents("HB08 range ignored", .whole) { _, before, reply in
                if before == 0 { reply.cutAfter = 50_000 }
                if before == 1 { reply = StubHub.Reply(200, [], StubHub.noise(size, seed: 1)) }
            },
            contents("HB09 another part", .whole) { _, before, reply in
                if before == 0 { reply.cutAfter = 50_000 }
                if before == 1 { reply["Content-Range"] = "bytes 7-\(size - 1)/\(size)" }
            },
            contents("HB09 part of something else", .whole) { _, before, reply in
                if before == 0 { reply.cutAfter = 50_000 }
                if before == 1 { reply["Content-Range"] = "bytes 50000-\(size)/\(size + 1)" }
            },
            contents("HB09 part without a range", .whole) { _, before, reply in
                if before == 0 { reply.cutAfter = 50_000 }
                if before == 1 { reply["Content-Range"] = nil }
            },
            contents("HB10 416", .whole) { _, before, reply in
                if before == 0 { reply.cutAfter = 50_000 }
                if before == 1 { reply = StubHub.Reply(416) }
            },
        ]

    private static let statuses: [Misbehaviour] = [
        contents("HB11 wait a second", .whole) { _, before, reply in
            if before == 0 { reply = StubHub.Reply(429, [("Retry-After", "1")]) }
        },
        contents("HB11 wait for a date gone by", .whole) { _, before, reply in
            if before == 0 { reply = StubHub.Reply(429, [("Retry-After", "Sun, 06 Nov 1994 08:49:37 GMT")]) }
        },
        contents("HB11 wait for ever", .refused("asks to wait")) { _, _, reply in
            reply = StubHub.Reply(429, [("Retry-After", "999999999")])
        },
        contents("HB11 wait for a date far off", .refused("asks to wait")) { _, _, reply in
            reply = StubHub.Reply(503, [("Retry-After", "Fri, 06 Nov 2099 08:49:37 GMT")])
        },
        contents("HB11 wait for nonsense", .whole) { _, before, reply in
            if before == 0 { reply = StubHub.Reply(429, [("Retry-After", "-1 soon")]) }
        },
        Misbehaviour("HB12 burst of 5xx", .whole) { _, _, before, reply in
            before < 2 ? StubHub.Reply([500, 504][before]) : reply
        },
        contents("HB12 5xx without end", .refused("status 503")) { _, _, reply in reply = StubHub.Reply(503) },
        contents("HB12 501", .refused("status 501")) { _, _, reply in reply = StubHub.Reply(501) },
        contents("HB14 403 of the store", .refused("status 403")) { _, _, reply in reply = StubHub.Reply(403) },
        Misbehaviour("HB14 gated", .refused("accepted its terms")) { place, _, _, reply in
            place == .listing
                ? reply : StubHub.Reply(403, [("X-Error-Code", "GatedRepo"), ("X-Error-Message", "hello \u{1B}[2J")])
        },
        Misbehaviour("HB14 401", .refused("the token that was sent does not help")) { _, _, _, _ in StubHub.Reply(401)
        },
        Misbehaviour("HB14 no revision", .refused("no such revision")) { _, _, _, _ in
            StubHub.Reply(404, [("X-Error-Code", "RevisionNotFound")])
        },
        Misbehaviour("HB14 a page instead of a listing", .refused("JSON")) { place, _, _, reply in
            place == .listing ? StubHub.Reply(200, [], Array("<html>Log in</html>".utf8)) : reply
        },
    ]

    private static let redirects: [Misbehaviour] =
        [301, 302, 303, 307, 308].map { status in
            redirect("HB13 status \(status)", .whole) { $2.status = status }
        } + [
            redirect("HB13 loop", .refused("at most 5 redirects")) { request, _, reply in
                reply["Location"] = request.path
            },
            contents("HB13 six hops", .refused("at most 5 redirects")) { request, before, reply in
                if before < 6 { reply = StubHub.Reply(302, [("Location", request.path)]) }
            },
            contents("HB13 four hops", .whole) { request, before, reply in
                if before < 4 { reply = StubHub.Reply(302, [("Location", request.path)]) }
            },
            contents("HB13 relative", .whole) { _, before, reply in
                if before == 0 { reply = StubHub.Reply(302, [("Location", "model.safetensors?again=1")]) }
            },
            redirect("HB13 nowhere", .refused("a redirect to an http")) { $2["Location"] = nil },
            redirect("HB13 to a file", .refused("a redirect to an http")) { $2["Location"] = "file:///etc/passwd" },
            redirect("HB13 to ftp", .refused("a redirect to an http")) { $2["Location"] = "ftp://127.0.0.1/x" },
            redirect("HB13 with a user", .refused("a redirect to an http")) {
                $2["Location"] = "http://127.0.0.1@evil.invalid/x"
            },
            redirect("HB13 with a backslash", .refused("a redirect to an http")) {
                $2["Location"] = "http://127.0.0.1\\@evil.invalid/x"
            },
            redirect("HB13 endless chatter", .refused("without end")) {
                $2.body = [UInt8](repeating: 32, count: 3 << 20)
            },
        ]

    private static let listings: [Misbehaviour] =
        [
            ("of a path", "../x/config.json"), ("absolute", "/config.json"), ("up within", "a/../config.json"),
            ("backslash", "a\\\\config.json"), ("NUL", "config.json\\u0000"), ("drive", "C:/config.json"),
            ("long", String(repeating: "x", count: 300) + "/config.json"), ("empty part", "a//config.json"),
            ("escape", "\\u001b[2Jconfig.json"),
        ].map { name, text in
            Misbehaviour("HB29 file name \(name)", .refused("is refused")) { place, _, _, reply in
                let hash = String(repeating: "a", count: 40)
                let body = """
                    {"sha": "\(commit)", "siblings": [
                    {"rfilename": "model.safetensors", "size": 1, "blobId": "\(hash)"},
                    {"rfilename": "\(text)", "size": 1, "blobId": "\(hash)"}]}
                    """
                return place == .listing ? StubHub.Reply(200, [], Array(body.utf8)) : reply
            }
        } + [
            listing("HB30 no JSON", "JSON") { "{" },
            listing("HB30 deep JSON", "JSON") { String(repeating: "[", count: 100_000) },
            listing("HB30 no commit", "sha") { #"{"siblings": []}"# },
            listing("HB30 commit of a path", "sha") {
                #"{"sha": "../../../../../../../../../../../../../..", "siblings": []}"#
            },
            listing("HB30 no files", "siblings") { #"{"sha": "\#(commit)"}"# },
            listing("HB30 empty", "nothing to fetch") { #"{"sha": "\#(commit)", "siblings": []}"# },
            listing("HB30 a file twice", "each file once") {
                #"{"sha": "\#(commit)", "siblings": [{"rfilename": "config.json"}, {"rfilename": "config.json"}]}"#
            },
            listing("HB30 hash of a path", "lfs") {
                #"{"sha": "\#(commit)", "siblings": [{"rfilename": "config.json", "lfs": {"sha256": "../x", "size": 1}}]}"#
            },
            listing("HB30 size below nothing", "size") {
                #"{"sha": "\#(commit)", "siblings": [{"rfilename": "config.json", "size": -1}]}"#
            },
            listing("HB30 size beyond all", "size") {
                #"{"sha": "\#(commit)", "siblings": [{"rfilename": "config.json", "size": 9223372036854775807}]}"#
            },
        ]
}
