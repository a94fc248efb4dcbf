import Testing

/// Models without a classifier: they embed, and say that there are no classes to name.
@Suite struct FeatureModelTests {
    private let model = ZooBinary.fixture("timm-dinov2-registers")

    @Test func theyEmbed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let pictures = try (1...2).map { try scratch.picture("\($0).png", seed: $0) }
        let run = try ZooBinary.run(["embed", "--model", model] + pictures)
        #expect(run.code == 0 && run.lines.count == 2, "\(run.errors)")
    }

    @Test func theyClassifyNothing() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let picture = try scratch.picture("a.png", seed: 1)
        let run = try ZooBinary.run(["classify", "--model", model, picture])
        #expect(run.code != 0 && run.output.isEmpty)
        #expect(run.errors.contains("no classes") && run.errors.contains("timm-dinov2-registers"))
    }

    @Test func theyAreVerifiedAndShown() throws {
        let verified = try ZooBinary.run(["verify", model])
        #expect(verified.code == 0, "\(verified.errors)")
        let shown = try ZooBinary.run(["show", model])
        #expect(shown.code == 0 && !shown.output.contains("Labels"), "\(shown.output)")
    }
}
