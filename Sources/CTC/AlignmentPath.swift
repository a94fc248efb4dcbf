import Glibc

/// The most likely way of labels through frames, blanks between them allowed and between equal neighbours needed.
///
/// The states are a blank, the first label, a blank, the second label and so on to a last blank. A frame stays in its
/// state, goes to the next, or skips a blank between different labels.
///
/// Sequences and ties are those of `torchaudio.functional.forced_align`: staying is better than moving where both are
/// as likely. Where moving by one and by two are as likely and better than staying, that function stays, which loses
/// the better path; here the blank is taken. Sums are in double precision.
struct AlignmentPath {
    /// The state of each frame; odd ones are labels, state `s` is label `s / 2`.
    private(set) var states: [Int]
    /// The path's log-probability.
    private(set) var logProbability: Double

    /// The most cells: frames times states, two bits each.
    static let cellLimit = 1 << 32

    /// How many frames labels need.
    static func framesNeeded(_ labels: [Int]) -> Int {
        labels.count + zip(labels, labels.dropFirst()).reduce(0) { $0 + ($1.0 == $1.1 ? 1 : 0) }
    }

    /// The path of labels through all frames.
    ///
    /// There must be at least ``framesNeeded(_:)`` frames and one label; labels must be in range and not be the blank.
    init(_ emissions: Emissions, labels: [Int], blank: Int) {
        let frames = emissions.frames
        let count = 2 * labels.count + 1
        var skips = [Bool](repeating: false, count: count)
        for place in labels.indices.dropFirst() { skips[2 * place + 1] = labels[place] != labels[place - 1] }
        var moves = MoveTable(rows: frames, columns: count)
        var last = [Double](repeating: -.infinity, count: count)
        var next = last
        let width = emissions.count
        emissions.values.withUnsafeBufferPointer { values in
            var row = 0
            last[0] = Double(values[row + blank])
            last[1] = Double(values[row + labels[0]])
            for frame in 1..<max(1, frames) {
                row += width
                let blankScore = Double(values[row + blank])
                // Only states that the start reaches and that still reach the end.
                let end = min(count, 2 * frame + 2)
                let start = max(0, count - 2 * (frames - frame))
                for state in max(0, start - 2)..<start { next[state] = -.infinity }
                for state in start..<end {
                    var best = last[state]
                    var move: UInt64 = 0
                    if state >= 1 && last[state - 1] > best {
                        best = last[state - 1]
                        move = 1
                    }
                    if skips[state] && last[state - 2] > best {
                        best = last[state - 2]
                        move = 2
                    }
                    next[state] = best + (state & 1 == 0 ? blankScore : Double(values[row + labels[state / 2]]))
                    moves.set(frame, state, move)
                }
                swap(&last, &next)
            }
        }
        var state = last[count - 1] > last[count - 2] ? count - 1 : count - 2
        logProbability = last[state]
        states = [Int](repeating: 0, count: frames)
        for frame in stride(from: frames - 1, through: 0, by: -1) {
            states[frame] = state
            if frame > 0 { state = max(0, state - moves.move(frame, state)) }
        }
    }
}

extension AlignmentPath {
    /// One span a label, its frames counted from the path's first.
    func spans(_ emissions: Emissions, _ labels: [Int], _ vocabulary: CTCVocabulary) -> [Span] {
        var spans: [Span] = []
        var frame = 0
        while frame < states.count {
            let state = states[frame]
            var end = frame + 1
            while end < states.count && states[end] == state { end += 1 }
            if state & 1 == 1 {
                let label = labels[state / 2]
                var sum = 0.0
                for place in frame..<end { sum += exp(Double(emissions[place, label])) }
                let score = Float(min(1, sum / Double(end - frame)))
                spans.append(Span(text: vocabulary.display(label).text, start: frame, end: end, score: score))
            }
            frame = end
        }
        return spans
    }
}

/// Two bits a cell.
private struct MoveTable {
    private var words: [UInt64]
    private let stride: Int

    init(rows: Int, columns: Int) {
        stride = (columns + 31) / 32
        words = [UInt64](repeating: 0, count: rows * stride)
    }

    /// Sets a cell that was not set before.
    mutating func set(_ row: Int, _ column: Int, _ move: UInt64) {
        words[row * stride + column / 32] |= move << UInt64(2 * (column % 32))
    }

    func move(_ row: Int, _ column: Int) -> Int {
        Int(words[row * stride + column / 32] >> UInt64(2 * (column % 32)) & 3)
    }
}
