import Foundation
import Testing

@testable import ZooCommand

@Suite struct DoctorTests {
    @Test func whatItSays() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.model("some-model")
        let outcome = try ZooBinary.run(["--registry", scratch.path, "doctor", "--threads", "1"])
        #expect(outcome.code == 0 && outcome.errors.isEmpty)
        for name in [
            "Version", "Processor", "Instructions", "Threads", "fp32 peak", "Memory", "Libraries", "Registry",
            "Hugging Face",
        ] {
            #expect(outcome.lines.contains { $0.hasPrefix(name) }, "\(name)")
        }
        #expect(outcome.output.contains("\(scratch.path): some-model"))
        #expect(outcome.lines.last == "Everything needed is there.")
    }

    @Test func forPrograms() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.model("models/some-model")
        let snapshot = "cache/models--org--name/snapshots/\(String(repeating: "a", count: 40))"
        try scratch.model(snapshot)
        let outcome = try ZooBinary.run(
            ["doctor", "--json"],
            environment: [
                "ZOO_MODELS": scratch.path + "/models", "HF_HUB_CACHE": scratch.path + "/cache", "ZOO_TIER": "portable",
            ])
        let report = try #require(try outcome.objects().first)
        #expect(outcome.code == 0 && outcome.lines.count == 1)
        #expect(report["tier"] as? String == "portable" && (report["tiers"] as? [String])?.first == "portable")
        #expect((report["peak_gflops"] as? Double ?? 0) > 0.1 && (report["copy_gb_per_second"] as? Double ?? 0) > 0.1)
        #expect((report["threads"] as? Int) == (report["usable_threads"] as? Int))
        let libraries = try #require(report["libraries"] as? [String: String])
        #expect(Set(libraries.keys) == ["libpng", "libjpeg-turbo", "libwebp", "libsndfile"])
        #expect(libraries.values.allSatisfy { $0.contains(".") })
        #expect((report["hugging_face_cache"] as? [String: Any])?["models"] as? Int == 1)
        let registries = try #require(report["registries"] as? [[String: Any]])
        #expect(registries.first?["models"] as? [String] == ["some-model"])
        #expect((report["problems"] as? [String])?.isEmpty == true)
    }

    @Test func aBrokenModelIsAProblem() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.model("broken")
        try FileManager.default.removeItem(atPath: model + "/model.safetensors")
        let outcome = try ZooBinary.run(["--registry", scratch.path, "doctor"])
        #expect(outcome.code == 69)
        #expect(outcome.lines.contains { $0.hasPrefix("Problem: broken is broken: ") && $0.contains("get it again") })
    }
}
