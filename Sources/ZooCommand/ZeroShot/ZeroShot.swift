import Arguments
import DualEncoder
import Glibc
import ModelZoo
import TensorCore
import Text

/// Choosing among labels with a dual encoder: the texts' side of it.
///
/// A label's row of the class matrix is open_clip's ensemble: every template's embedding normalised, their mean
/// normalised again. A model with softmax gives probabilities among the labels; one with a sigmoid gives each label a
/// probability of its own. To score labels by themselves with a softmax, each is set against a neutral text alone: the
/// same templates with ``neutralWord`` for the label. Such a score is the share of the label in a softmax over these
/// two; 0.5 means that the picture fits the label as well as it fits anything.
struct ZeroShot {
    /// How scores are made of logits.
    enum Scoring {
        /// Probabilities that add up to one.
        case amongLabels
        /// The model's own probabilities, one a label.
        case sigmoid
        /// A softmax of each label and the neutral text.
        case againstNeutral
    }

    /// What stands in the templates for nothing in particular.
    static let neutralWord = "thing"

    /// The labels' names.
    let labels: [String]
    /// How scores are made.
    let scoring: Scoring
    /// The model, with the towers that are needed.
    let model: DualEncoder
    /// One row a label, and one for the neutral text where it is needed.
    private let matrix: Tensor

    /// What is asked for.
    struct Request {
        let labels: [String]
        let templates: [String]
        /// Whether labels are scored by themselves.
        let isMultiLabel: Bool
        /// Whether prompts that are too long are cut.
        var truncates = false
        /// Pictures that are looked at together.
        let batch: Int
        /// Where matrices are kept, `nil` where they are not.
        let cache: ClassMatrixCache?
    }

    /// Loads a model and encodes the labels, or finds them encoded: the texts' tower is then not read.
    ///
    /// - Parameter plan: the model without its weights.
    init(_ request: Request, _ plan: DualEncoder, _ context: CommandContext) throws {
        labels = request.labels
        scoring = plan.hasSigmoid ? .sigmoid : request.isMultiLabel ? .againstNeutral : .amongLabels
        let texts = scoring == .againstNeutral ? labels + [Self.neutralWord] : labels
        let key =
            request.cache == nil
            ? nil
            : ClassMatrixCache.key(
                model: plan.folder, weights: plan.weights, labels: texts, templates: request.templates,
                tier: plan.runtime.tier, as: plan.runtime.weights,
                truncates: request.truncates)
        if let key, let found = request.cache?.matrix(key, rows: texts.count), found.shape[1] == plan.embeddingWidth {
            model = try Self.load(plan, towers: [.image], request, context)
            matrix = found
            return
        }
        model = try Self.load(plan, towers: [.image, .text], request, context)
        matrix = try Self.encode(texts, request, model, context)
        guard let key else { return }
        do throws(Failure) { try request.cache?.store(matrix, key) } catch {
            context.note("the labels will be encoded again next time: \(error.message)")
        }
    }

    /// What is fed to pictures' classification.
    func classifier() throws(ModelError) -> PictureClassifier {
        let zeroShot = self
        return try PictureClassifier(model, labels: labels) { embeddings, top in zeroShot.rank(embeddings, top) }
    }

    /// The best labels of each row of image embeddings.
    private func rank(_ embeddings: Tensor, _ top: Int) -> [[Prediction]] {
        let names = scoring == .againstNeutral ? labels + [""] : labels
        return model.predictions(embeddings, labels: names, classMatrix: matrix).map { all in
            let neutral = scoring == .againstNeutral ? all.first { $0.index == labels.count }?.logit : nil
            // The order stays where scores are made anew: they grow with the logits.
            return all.lazy.filter { $0.index < labels.count }.prefix(top).map { found in
                let score = neutral.map { Float(1 / (1 + exp(Double($0) - Double(found.logit)))) } ?? found.score
                return Prediction(label: found.label, index: found.index, score: score, logit: found.logit)
            }
        }
    }

    private static func load(
        _ plan: DualEncoder, towers: Set<DualEncoder.Tower>, _ request: Request, _ context: CommandContext
    ) throws(ModelError) -> DualEncoder {
        try context.admit(plan.folder, plan.weights, plan.runtime, towers: towers, for: .pictures(request.batch))
        if towers.contains(.text) {
            try context.admit(plan.folder, plan.weights, plan.runtime, towers: towers, for: .texts(promptsAtATime))
        }
        do throws(DualEncoderError) {
            return try DualEncoder(
                folder: plan.folder, runtime: plan.runtime, weights: plan.weights, towers: towers)
        } catch { throw .dualEncoder(error) }
    }

    /// Prompts that are encoded between two looks at the clock and at signals.
    private static let promptsAtATime = 256

    /// The class matrix. Rows do not depend on what is encoded with them, so it is made in pieces.
    private static func encode(
        _ texts: [String], _ request: Request, _ model: DualEncoder, _ context: CommandContext
    ) throws -> Tensor {
        let progress = context.progress("encode labels", total: texts.count)
        defer { progress.finish() }
        let step = max(1, promptsAtATime / request.templates.count)
        var values: [Float] = []
        values.reserveCapacity(texts.count * model.embeddingWidth)
        for first in stride(from: 0, to: texts.count, by: step) {
            if let code = Interruption.exitCode { throw Failure("stopped before all labels were encoded", code) }
            let part = Array(texts[first..<min(first + step, texts.count)])
            do throws(DualEncoderError) {
                values += try model.classMatrix(
                    labels: part, templates: request.templates, truncates: request.truncates
                ).floats
            } catch {
                guard case .tokenizer(.tooLong(let tokens, let limit, let text)) = error else {
                    throw ModelError.dualEncoder(error)
                }
                throw Failure(
                    "a prompt has \(tokens) tokens, the model takes \(limit); shorten the label or the template, or cut "
                        + "it with --truncate: \(printable(text))", .badData)
            }
            progress.advance(by: part.count)
        }
        return Tensor(values, shape: Shape(texts.count, model.embeddingWidth))
    }
}
