public import Layers
public import TensorCore

/// A network's weights with one tensor changed, or one more than it takes: every change must be an error that names it.
public struct WeightMutations {
    private let source: any TensorSource
    private let refusal: (any TensorSource) -> WeightError?

    /// Changes to be tried.
    ///
    /// - Parameters:
    ///   - source: the weights as they are.
    ///   - refusal: why a network cannot be built from tensors; `nil` where it can.
    public init(_ source: any TensorSource, refusal: @escaping (any TensorSource) -> WeightError?) {
        self.source = source
        self.refusal = refusal
    }

    /// Changes that are taken for something else: each tensor dropped, renamed, of other shapes and of integers.
    ///
    /// - Parameters:
    ///   - names: the tensors that are changed; all where left out.
    ///   - isSpare: tensors that the network can do without.
    ///   - isMissed: whether a tensor that is not there may be missed under another name; the first of several
    ///     spellings tells which one a checkpoint has.
    /// - Returns: a sentence each.
    public func failures(
        of names: [String]? = nil, isSpare: (String) -> Bool = { _ in false },
        isMissed: (_ dropped: String, _ missed: String) -> Bool = { $0 == $1 }
    ) -> [String] {
        (names ?? source.names).flatMap { name -> [String] in
            var failures: [String] = []
            func tried(_ edit: (inout EditedSource) -> Void) -> WeightError? {
                var edited = EditedSource(source)
                edit(&edited)
                return refusal(edited)
            }
            func isMissing(_ error: WeightError?) -> Bool {
                if case .missing(_, let tensor, _)? = error { isMissed(name, tensor) } else { false }
            }
            let dropped = tried { $0.drop(name) }
            if isSpare(name) ? dropped != nil : !isMissing(dropped) { failures.append("\(name) is not missed") }
            let renamed = tried { $0.rename(name, to: name + "0") }
            if isSpare(name) ? renamed == nil : !isMissing(renamed) { failures.append("\(name) may have another name") }
            let shape = source.info(name)?.shape ?? []
            let longer: [Int] = shape.dropLast() + [(shape.last ?? 0) + 1]
            let others: [[Int]] = [shape + [1], [], [0], [Int.max], longer]
            for other in others where other != shape {
                if case .shape(_, name, shape, other)? = tried({ $0.reshape(name, to: other) }) { continue }
                failures.append("\(name) may have shape \(other)")
            }
            if case .type(_, name, "I32")? = tried({ $0.retype(name, to: .int32) }) {
            } else {
                failures.append("\(name) may be of integers")
            }
            return failures
        }
    }

    /// Tensors beyond the network's that are not left over by their names.
    ///
    /// - Parameter names: of no tensor of the network.
    /// - Returns: a sentence each.
    public func failures(ofAdded names: [String]) -> [String] {
        names.compactMap { name in
            var edited = EditedSource(source)
            edited.add(name, shape: [1])
            if case .unused(_, [name])? = refusal(edited) { return nil }
            return "\"\(name)\" is not left over"
        }
    }
}
