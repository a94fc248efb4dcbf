import Foundation
import HubTestSupport

/// A stub hub with one of the seeded test models, a cache of its own, and `zoo` between them.
struct HubRuns {
    let scratch: Scratch
    let stub: StubHub
    var environment: [String: String]

    init(_ stub: StubHub) throws {
        self.stub = stub
        scratch = try Scratch()
        environment = [
            "HF_ENDPOINT": stub.server.address, "HF_HUB_CACHE": "\(scratch.path)/hub", "HF_TOKEN": "hf_secret",
            "HOME": scratch.path,
        ]
    }

    /// A model with the files of a seeded test model, and padding where it is to be larger.
    static func model(padding: Int = 0) throws -> StubHub.Model {
        var model = StubHub.Model()
        let names = try FileManager.default.contentsOfDirectory(atPath: Fixtures.resnet).sorted()
        model.files = try names.filter { $0.contains(".") }.map { name in
            (name, Array(try Data(contentsOf: URL(filePath: "\(Fixtures.resnet)/\(name)"))))
        }
        model.large = ["model.safetensors", "padding.safetensors"]
        if padding > 0 { model.files.append(("padding.safetensors", StubHub.noise(padding, seed: 3))) }
        return model
    }

    func run(_ arguments: String...) throws -> ZooBinary.Result {
        let result = try ZooBinary.run(arguments, environment: environment)
        if (result.output + result.errors).contains("hf_secret") { throw ZooBinary.Missing(description: "token shown") }
        return result
    }

    /// Started, not waited for.
    func start(_ arguments: String...) throws -> Process {
        let process = try ZooBinary.make(arguments, environment: environment)
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    var repository: String { "\(scratch.path)/hub/models--org--name" }

    func bytes(_ name: String) -> [UInt8]? {
        (try? Data(contentsOf: URL(filePath: "\(repository)/snapshots/\(stub.model.commit)/\(name)"))).map { Array($0) }
    }

    /// Whether a file of the model is there, byte for byte.
    func has(_ name: String) -> Bool {
        let bytes = bytes(name)
        return bytes != nil && bytes == stub.model.files.first { $0.name == name }?.bytes
    }

    /// Files that are not complete, and notes about them.
    var remains: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(repository)/blobs")) ?? []).filter {
            $0.contains("incomplete")
        }
    }
}
