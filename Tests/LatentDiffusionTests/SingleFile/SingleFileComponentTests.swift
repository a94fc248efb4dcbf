import Checkpoints
import Diffusion
import JSON
import TensorCore
import TestSupport
import Testing
import Text

@testable import LatentDiffusion

/// Whole models of single files, whose sizes follow the rules.
@Suite struct SingleFileComponentTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String, vocabulary: Int = 567, inputs: Int = 4, as path: String) throws -> String {
        let items = SmallPipeline.tensors(
            like: try SingleFileFixtures.checkpoint(name), isSecond: name == "two", vocabulary: vocabulary,
            inputs: inputs)
        let target = folder.path(path)
        try Safetensors.write(items.map { StoredTensor(name: $0.name, shape: $0.shape, floats: $0.values) }, to: target)
        return target
    }

    private func copyTokenizer(_ model: String, to target: String, only names: [String]? = nil) throws {
        for name in names ?? TokenizerPlace.files {
            let path = LatentFixtures.path(model, "tokenizer/\(name)")
            guard FileSystem.exists(path) else { continue }
            try folder.write(FileSystem.read(path, limit: 1 << 20), as: "\(target)/\(name)")
        }
    }

    @Test(arguments: SingleFileFixtures.cases) func partsFitTogether(_ name: String) throws {
        let path = try file(name, as: "whole.safetensors")
        let components = try LatentDiffusionComponents(file: path, tokenizer: LatentFixtures.path("sd1", "tokenizer"))
        #expect(components.location == path && components.pipeline == "StableDiffusionPipeline")
        let model = try LatentDiffusionModel(components, runtime: Runtime(threads: 1))
        #expect(model.scheduler.kind == (name == "one" ? .pndm : .ddim) && model.textEncoder.width == 64)
        #expect(model.textEncoder.contextLength == 77 && !model.isForInpainting)
        // Whatever the folder says: 1.x fills up with the end token, 2.x with the first one.
        for folder in ["sd1", "sd2"] {
            let parts = try LatentDiffusionComponents(file: path, tokenizer: LatentFixtures.path(folder, "tokenizer"))
            let tokenizer = try parts.tokenizer.read()
            #expect(tokenizer.paddingID == (name == "one" ? tokenizer.endID : 0))
        }
        let ids = try model.inputIDs(["a red car"])
        #expect(ids.integers.last == (name == "one" ? 566 : 0))
    }

    @Test func inpainting() throws {
        let path = try file("two", inputs: 9, as: "whole.safetensors")
        let components = try LatentDiffusionComponents(file: path)
        #expect(components.pipeline == "StableDiffusionInpaintPipeline")
        #expect(try LatentDiffusionModel(components, runtime: Runtime(threads: 1), plansOnly: true).isForInpainting)
        #expect(!components.notes[0].contains("--prediction"))
    }

    @Test func whatShapesDoNotTellIsSaid() throws {
        let path = try file("two", as: "whole.safetensors")
        let assumed = try LatentDiffusionComponents(file: path)
        #expect(assumed.notes.count == 1 && assumed.notes[0].contains("v_prediction, as no shape tells"))
        let said = try LatentDiffusionComponents(file: path, options: .init(prediction: .epsilon))
        #expect(said.notes[0].hasSuffix("epsilon"))
    }

    /// A model can be looked at without a tokenizer; a text cannot be read.
    @Test func tokenizersBesideTheFile() throws {
        try folder.makeFolder("models")
        let path = try file("one", as: "models/whole.safetensors")
        func tokenizer() throws -> Tokenizer { try LatentDiffusionComponents(file: path).tokenizer.read() }
        let none = #expect(throws: LatentDiffusionError.self) { try tokenizer() }
        let text = none?.description ?? ""
        #expect(text.contains("models/tokenizer or ") && text.contains("--tokenizer") && text.contains(path), "\(text)")
        #expect(try LatentDiffusionFolder(folder: path, plansOnly: true).architecture == "StableDiffusionPipeline")
        // The bare files, of which nothing says that they are CLIP's, beside the file.
        try copyTokenizer("sd1", to: "models", only: ["vocab.json"])
        #expect(throws: LatentDiffusionError.self) { try tokenizer() }
        try copyTokenizer("sd1", to: "models", only: ["merges.txt"])
        let bare = try tokenizer()
        let whole = try Tokenizer(folder: LatentFixtures.path("sd1", "tokenizer"))
        #expect(bare.encode("a red car").ids == whole.encode("a red car").ids && bare.startID == whole.startID)
        // A folder goes before them.
        try copyTokenizer("sd2", to: "models/tokenizer")
        #expect(TokenizerPlace.folder(beside: path) == folder.path("models/tokenizer"))
        #expect(try tokenizer().paddingID == 566)
        #expect(TokenizerPlace.folder(beside: "no such folder/x") == nil)
    }

    @Test func aTokenizerOfAnotherVocabularyIsRefused() throws {
        let path = try file("one", vocabulary: 570, as: "whole.safetensors")
        let components = try LatentDiffusionComponents(file: path, tokenizer: LatentFixtures.path("sd1", "tokenizer"))
        let error = #expect(throws: LatentDiffusionError.self) { try components.tokenizer.read() }
        let text = error?.description ?? ""
        #expect(text.contains("sd1/tokenizer") && text.contains("570") && text.contains("567"), "\(text)")
    }

    @Test func whatIsRecognised() throws {
        let path = SingleFileFixtures.path("one.safetensors")
        #expect(SingleFile.recognises(path) && LatentDiffusionFolder.recognises(folder: path))
        #expect(!SingleFile.recognises(SingleFileFixtures.path("one.json")))
        #expect(!SingleFile.recognises(AdapterFixtures.path("adapters/kohya.safetensors")))
        #expect(!SingleFile.recognises(LatentFixtures.path("sd1", "unet/diffusion_pytorch_model.safetensors")))
        #expect(!SingleFile.recognises(folder.path) && !SingleFile.recognises(folder.path("none.safetensors")))
        try folder.write("no header", as: "broken.safetensors")
        #expect(!SingleFile.recognises(folder.path("broken.safetensors")))
        // The tiny checkpoints' sizes follow no rule, which loading says.
        let error = #expect(throws: LatentDiffusionError.self) { try LatentDiffusionComponents(file: path) }
        #expect(error?.description.contains("multiples of 8") == true, "\(String(describing: error))")
        #expect(throws: LatentDiffusionError.self) {
            try LatentDiffusionFolder(folder: path, weights: WeightChoice(file: path, usesEMA: true))
        }
    }
}
