import Checkpoints
import Media

/// Looks on while the first picture is made: writes what it will be like now and then, and keeps its way from noise.
struct GenerationWatcher {
    /// Pictures of the way, at most.
    private static let stages = 10
    /// Seconds between two previews.
    private static let interval = 2.0

    private let preview: String?
    private let strip: String?
    private let steps: Int
    private var lastPreview = monotonicSeconds()
    private var current: [Image] = []
    private var expected: [Image] = []
    /// Whether the pictures that are made now begin with the first one.
    var isFirstPart = true

    /// - Parameters:
    ///   - plan: says where previews and the way go.
    ///   - steps: of a picture.
    init(_ plan: GenerationPlan, steps: Int) {
        preview = plan.preview
        strip = plan.strip
        self.steps = steps
    }

    /// Takes a look after a step.
    mutating func look(_ index: Int, _ now: () -> [Image], _ then: () -> [Image]) throws {
        if let preview, index == steps - 1 || monotonicSeconds() - lastPreview >= Self.interval {
            if let picture = then().first { try write(picture, to: preview) }
            lastPreview = monotonicSeconds()
        }
        guard strip != nil, isFirstPart, Self.isStage(index, of: steps), let picture = now().first,
            let likely = then().first
        else {
            return
        }
        current.append(picture)
        expected.append(likely)
    }

    /// Whether a step is one of those whose pictures are kept: the first, the last, and some between at even distances.
    static func isStage(_ index: Int, of steps: Int) -> Bool {
        let wanted = min(stages, steps)
        guard wanted > 1 else { return index == steps - 1 }
        return (0..<wanted).contains { index == ($0 * (steps - 1) + (wanted - 1) / 2) / (wanted - 1) }
    }

    /// Writes the way: above the picture as it was after each step, below what it was to become.
    func finish() throws {
        guard let strip, !current.isEmpty else { return }
        try write(try PictureGrid(rows: 2, columns: current.count).picture(of: current + expected), to: strip)
    }

    private func write(_ picture: Image, to path: String) throws {
        try FileSystem.write(try picture.pngFile(), to: path)
    }
}
