import Checkpoints
import Foundation
import HubTestSupport
import TestSupport
import Testing

@testable import Hub

/// The token stays at its origin; addresses are what they seem; servers prove who they are.
@Suite struct OriginTests {
    @Test(arguments: ["environment", "file", "other file", "old name"])
    func tokenGoesToTheHubAlone(source: String) throws {
        var fixture = try HubFixture(StubHub())
        switch source {
        case "environment": fixture.environment["HF_TOKEN"] = "  hf_secret\n"
        case "old name": fixture.environment["HUGGING_FACE_HUB_TOKEN"] = "hf_secret"
        case "file": try fixture.folder.write("hf_secret\n", as: ".cache/huggingface/token")
        default:
            try fixture.folder.write("hf_secret", as: "elsewhere")
            fixture.environment["HF_TOKEN_PATH"] = fixture.folder.path("elsewhere")
        }
        try fixture.pull()
        let sent = fixture.stub.server.requests.map { $0.fields["authorization"] }
        #expect(!sent.isEmpty && sent.allSatisfy { $0 == "Bearer hf_secret" })
        let passedOn = fixture.stub.store.requests
        #expect(!passedOn.isEmpty && passedOn.allSatisfy { $0.fields["authorization"] == nil })
    }

    @Test func tokenComesBackToItsOrigin() throws {
        // Sent away and back again: only the hub itself is told.
        let home = StubHub.Model()
        let stub = try StubHub(home) { place, request, before, reply in
            guard case .contents = place, before == 0, let host = request.fields["host"] else { return reply }
            return StubHub.Reply(302, [("Location", "http://\(host)/store/model.safetensors")])
        }
        var fixture = try HubFixture(stub)
        fixture.environment["HF_TOKEN"] = "hf_secret"
        try fixture.pull()
        #expect(stub.store.requests.count == 2)
        #expect(stub.store.requests.allSatisfy { $0.fields["authorization"] == nil })
    }

    @Test func noTokenWhereNoneIsWanted() throws {
        var fixture = try HubFixture(StubHub())
        fixture.environment["HF_TOKEN"] = "hf_secret"
        fixture.environment["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"
        try fixture.pull()
        #expect(fixture.stub.server.requests.allSatisfy { $0.fields["authorization"] == nil })
    }

    @Test(arguments: ["a b", "a\r\nX-Evil: 1", "ä", "a\u{0}", String(repeating: "a", count: 5000)])
    func tokensThatAreNone(token: String) throws {
        let environment = ["HF_TOKEN": token, "HOME": "/nowhere"]
        do {
            _ = try HubSettings(environment: environment)
            Issue.record("taken")
        } catch {
            #expect("\(error)".contains("HF_TOKEN"))
            #expect(!"\(error)".contains(token))
        }
    }

    @Test func nothingShowsAToken() throws {
        let settings = try HubSettings(environment: ["HF_TOKEN": "hf_secret", "HOME": "/nowhere"])
        var dumped = ""
        dump(settings, to: &dumped)
        #expect(!"\(settings)".contains("hf_secret") && !dumped.contains("hf_secret"))
        #expect(!String(reflecting: settings).contains("hf_secret"))
    }

    @Test(arguments: [
        ("https://Example.COM", "https://example.com/"), ("http://h:80/a?b=c#d", "http://h/a?b=c"),
        ("https://[::1]:8443/x", "https://[::1]:8443/x"), ("http://h?x", "http://h/?x"),
    ])
    func addresses(text: String, whole: String) { #expect(WebAddress(text)?.description == whole) }

    @Test(arguments: [
        "", "h", "ftp://h/", "file:///x", "http://", "http:///x", "http://u@h/", "http://u:p@h/", "http://h:0/",
        "http://h:65536/", "http://h:x/", "http://h:/", "http://h\\@evil/", "http://h /", "http://h/\n", "http://ä/",
        "http://[::1/", "http://[]/", "http://[evil.com]/", "http://h%00/",
        "http://" + String(repeating: "a", count: 300),
    ])
    func addressesThatAreNone(text: String) { #expect(WebAddress(text) == nil) }

    @Test(arguments: [
        ("/x?y", "https://h:8443/x?y"), ("x", "https://h:8443/a/x"), ("?z", "https://h:8443/a/b?z"),
        ("//other/x", "https://other/x"), ("https://o/x", "https://o/x"), ("http://o/x", "http://o/x"),
    ])
    func redirects(location: String, target: String) throws {
        let start = try #require(WebAddress("https://h:8443/a/b?c"))
        #expect(start.redirected(to: location)?.description == target)
    }

    @Test(arguments: ["", "javascript:x", "file:///x", "//u@h/", "http:", "https://", "\u{1}"])
    func redirectsThatAreNone(location: String) throws {
        let start = try #require(WebAddress("https://h/a/b"))
        #expect(start.redirected(to: location) == nil)
    }

    @Test func proxies() throws {
        func proxy(_ variables: [String: String], _ address: String) throws -> String? {
            Proxies { variables[$0] }.proxy(for: try #require(WebAddress(address)))
        }
        let all = ["http_proxy": "p:1", "HTTPS_PROXY": "p:2", "no_proxy": "localhost, .corp,h:8080"]
        #expect(try proxy(all, "http://x/") == "p:1")
        #expect(try proxy(all, "https://x/") == "p:2")
        #expect(try proxy(all, "http://localhost/") == nil)
        #expect(try proxy(all, "http://a.corp/") == nil)
        #expect(try proxy(all, "http://h/") == "p:1")
        #expect(try proxy(all, "http://h:8080/") == nil)
        #expect(try proxy(["HTTP_PROXY": "evil:1"], "http://x/") == nil)
        #expect(try proxy(["all_proxy": "p:3"], "https://x/") == "p:3")
        #expect(try proxy(["all_proxy": "p:3", "NO_PROXY": "*"], "https://x/") == nil)
    }

    @Test func goesThroughAProxy() throws {
        // A proxy is asked for whole addresses; here it is the hub itself that hears of a host that is nowhere.
        let stub = try StubHub()
        let through = try StubServer { request in
            #expect(request.path.hasPrefix("http://hub.invalid/api/models/org/name/"))
            return StubHub.listing(stub.model)
        }
        var fixture = try HubFixture(stub)
        fixture.environment["HF_ENDPOINT"] = "http://hub.invalid"
        fixture.environment["http_proxy"] = through.address
        #expect(try fixture.hub().plan("org/name").files.count == 3)
        #expect(through.requests.count == 1)
    }

    @Test(arguments: ["ftp://x", "huggingface.co", "https://user:word@huggingface.co", "https://x?y"])
    func endpointsThatAreNone(endpoint: String) {
        #expect(throws: HubError.self) { try HubSettings(environment: ["HF_ENDPOINT": endpoint, "HOME": "/nowhere"]) }
    }
}
