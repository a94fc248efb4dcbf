import DualEncoder
import ImageClassifiers
import Media
import ModelZoo
import TensorCore

/// One class and how sure a model is of it.
struct Prediction {
    /// The class's name.
    let label: String
    /// The class's number.
    let index: Int
    /// The probability, 0 to 1.
    var score: Float
    /// What the probability was made of.
    let logit: Float
}

/// What names what is in pictures: an image classifier with its own classes, or a dual encoder with classes that texts
/// describe.
struct PictureClassifier {
    /// How pictures become inputs.
    let preprocessing: ImagePreprocessing
    /// The classes' names, by number.
    let labels: [String]
    /// The most probable classes of each picture of a batch `[B, 3, H, W]`, most probable first.
    private let predict: (_ pixels: Tensor, _ top: Int) throws(ModelError) -> [[Prediction]]

    /// An image classifier.
    ///
    /// - Throws: ``ModelError`` where the model has no classes, or the folder does not say how pictures are prepared.
    init(_ model: ImageClassifier) throws(ModelError) {
        guard model.hasClasses else { throw .imageClassifier(.noClasses(folder: model.folder)) }
        do throws(ImageClassifierError) { preprocessing = try model.preprocessing() } catch {
            throw .imageClassifier(error)
        }
        labels = model.labels
        predict = { (pixels, top) throws(ModelError) in
            do throws(ImageClassifierError) {
                return model.predictions(try model.logits(pixels), top: top).map { row in
                    row.map { Prediction(label: $0.label, index: $0.index, score: $0.score, logit: $0.logit) }
                }
            } catch { throw .imageClassifier(error) }
        }
    }

    /// A dual encoder.
    ///
    /// - Parameters:
    ///   - labels: the classes' names.
    ///   - rank: the classes of each row of image embeddings, most probable first.
    init(
        _ model: DualEncoder, labels: [String],
        rank: @escaping (_ imageEmbeddings: Tensor, _ top: Int) -> [[Prediction]]
    ) throws(ModelError) {
        do throws(DualEncoderError) { preprocessing = try model.preprocessing() } catch { throw .dualEncoder(error) }
        self.labels = labels
        predict = { (pixels, top) throws(ModelError) in
            do throws(DualEncoderError) { return rank(try model.imageEmbeddings(pixels), top) } catch {
                throw .dualEncoder(error)
            }
        }
    }

    /// The most probable classes of each picture of a batch `[B, 3, H, W]`, most probable first.
    func predictions(_ pixels: Tensor, top: Int) throws(ModelError) -> [[Prediction]] {
        try predict(pixels, top)
    }
}
