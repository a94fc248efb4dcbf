import Checkpoints
import JSON
import ModelZoo

/// Where models are looked for by name.
enum RegistryRoots {
    /// The environment variables that have a say.
    static let variables = ["ZOO_MODELS", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "HOME"]

    /// The folders in the order of the search: those named on the command line, those of `ZOO_MODELS`, the `zoo` folder
    /// above the program or, failing that, above the working folder, and the user's own.
    ///
    /// - Parameters:
    ///   - program: the program's file, links resolved; asked of the system where left out.
    ///   - workingFolder: likewise.
    static func find(
        named: [String], environment: [String: String],
        program: String? = try? FileSystem.resolve("/proc/self/exe"),
        workingFolder: String? = try? FileSystem.resolve(".")
    ) -> [String] {
        var roots = named + (environment["ZOO_MODELS"] ?? "").split(separator: ":").map(String.init)
        for start in [program, workingFolder] {
            if let start, let root = above(start) { roots.append(root) }
        }
        if let own = userFolder(environment) { roots.append(own) }
        var distinct: [String] = []
        for root in roots where !distinct.contains(root) { distinct.append(root) }
        return distinct
    }

    /// The user's own models.
    static func userFolder(_ environment: [String: String]) -> String? {
        if let data = environment["XDG_DATA_HOME"], !data.isEmpty { return FileSystem.join(data, "zoo/models") }
        guard let home = environment["HOME"], !home.isEmpty else { return nil }
        return FileSystem.join(home, ".local/share/zoo/models")
    }

    /// The models that can be fetched by a short name: those of `models.json` in the registry's folders, in their
    /// order, those of the user's `zoo/models.json` in `XDG_CONFIG_HOME` (`~/.config`), and the well-known ones.
    static func published(roots: [String], environment: [String: String]) throws -> [PublishedModel] {
        var folders = roots
        if let config = environment["XDG_CONFIG_HOME"], !config.isEmpty {
            folders.append(FileSystem.join(config, "zoo"))
        } else if let home = environment["HOME"], !home.isEmpty {
            folders.append(FileSystem.join(home, ".config/zoo"))
        }
        var models: [PublishedModel] = []
        for folder in folders {
            let path = FileSystem.join(folder, "models.json")
            guard FileSystem.exists(path) else { continue }
            models += try PublishedModel.entries(Config(path: path))
        }
        return models + PublishedModel.wellKnown
    }

    /// The `zoo` folder with a model in it in the nearest folder above `path`, or in it.
    private static func above(_ path: String) -> String? {
        var folder = path
        while true {
            let candidate = FileSystem.join(folder, "zoo")
            if FileSystem.isDirectory(candidate), !Registry(roots: [candidate]).entries().isEmpty { return candidate }
            guard let slash = folder.lastIndex(of: "/"), folder != "/" else { return nil }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
    }
}
