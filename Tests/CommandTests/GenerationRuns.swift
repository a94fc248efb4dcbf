import Foundation
import TestSupport
import Testing

/// A suite that makes pictures in a folder of its own.
protocol GenerationRuns {
    /// Where they go.
    var folder: TemporaryFolder { get }
}

extension GenerationRuns {
    func generate(_ words: [String]) throws -> ZooBinary.Result { try ZooBinary.run(["generate"] + words) }

    /// The file that a command line makes under a name of the folder.
    func made(_ words: [String], _ name: String) throws -> [UInt8] {
        let run = try generate(words + ["-o", folder.path(name)])
        #expect(run.code == 0, "\(run.errors)")
        return try Array(Data(contentsOf: URL(filePath: folder.path(name))))
    }
}
