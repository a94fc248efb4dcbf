/// An architecture that can be loaded, and what checkpoints of it are called.
public struct SupportedArchitecture: Sendable, Equatable {
    /// A library whose checkpoints are read.
    public enum Library: String, Sendable, CaseIterable {
        /// Hugging Face transformers: classes in `architectures` of config.json.
        case transformers
        /// timm: `architecture` of config.json.
        case timm
        /// torchvision: names of its models.
        case torchvision
        /// open_clip: names of its models.
        case openCLIP = "open_clip"
        /// sentence-transformers: folders with `modules.json`.
        case sentenceTransformers = "sentence-transformers"
        /// diffusers: classes that `model_index.json` and the components' `config.json` name.
        case diffusers
        /// Programs of papers, by the names that their models go by.
        case programs
    }

    /// The name, as the paper has it.
    public var name: String
    /// What each library calls its checkpoints; a `*` stands for any text.
    public var names: [Library: [String]]
    /// The papers' numbers on arXiv.
    public var papers: [String]

    /// An architecture of the given names.
    ///
    /// - Parameters:
    ///   - name: as the paper has it.
    ///   - names: what each library calls its checkpoints; libraries without any are left out.
    ///   - papers: numbers on arXiv, such as `1512.03385`.
    public init(name: String, names: [Library: [String]], papers: [String]) {
        self.name = name
        self.names = names.filter { !$0.value.isEmpty }
        self.papers = papers
    }
}
