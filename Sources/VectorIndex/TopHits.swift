/// The best of a list of scores, best first; of equal ones the earlier first. NaN, which no checked vector gives, is
/// passed over.
///
/// One pass with a heap of the best so far, the worst of them on top: most scores are compared with that one and no
/// more.
func best(of scores: UnsafeBufferPointer<Float>, top: Int) -> [VectorIndex.Hit] {
    var heap: [VectorIndex.Hit] = []
    let limit = min(top, scores.count)
    guard limit > 0 else { return [] }
    heap.reserveCapacity(limit)
    for (entry, score) in scores.enumerated() {
        if heap.count < limit {
            guard !score.isNaN else { continue }
            heap.append(VectorIndex.Hit(entry: entry, score: score))
            rise(&heap)
        } else if score > heap[0].score {
            // An equal score comes later, so it is worse.
            heap[0] = VectorIndex.Hit(entry: entry, score: score)
            sink(&heap)
        }
    }
    return heap.sorted { isWorse($1, $0) }
}

private func isWorse(_ a: VectorIndex.Hit, _ b: VectorIndex.Hit) -> Bool {
    a.score != b.score ? a.score < b.score : a.entry > b.entry
}

/// Brings the last hit up to where it belongs.
private func rise(_ heap: inout [VectorIndex.Hit]) {
    var place = heap.count - 1
    while place > 0, isWorse(heap[place], heap[(place - 1) / 2]) {
        heap.swapAt(place, (place - 1) / 2)
        place = (place - 1) / 2
    }
}

/// Brings the first hit down to where it belongs.
private func sink(_ heap: inout [VectorIndex.Hit]) {
    var place = 0
    while true {
        var worst = place
        for child in [2 * place + 1, 2 * place + 2]
        where child < heap.count && isWorse(heap[child], heap[worst]) {
            worst = child
        }
        guard worst != place else { return }
        heap.swapAt(place, worst)
        place = worst
    }
}
