import Glibc
import TensorCore

/// Facts about the computer, as Linux tells them.
enum Machine {
    /// The processor's name.
    static var processor: String {
        let lines = text("/proc/cpuinfo").split(separator: "\n")
        // x86 says "model name"; arm64 numbers only, of which the implementer and part are the name.
        for key in ["model name", "CPU part"] {
            if let line = lines.first(where: { $0.hasPrefix(key) }), let colon = line.firstIndex(of: ":") {
                let value = String(line[line.index(after: colon)...].drop { $0 == " " })
                return key == "CPU part" ? "arm64, part \(value)" : value
            }
        }
        return "unknown"
    }

    /// Processors that are switched on.
    static var processors: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Bytes of memory.
    static var memory: Int { max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE))) }

    /// The most memory this process has held so far, in bytes; `nil` where the system does not say.
    static var peakMemory: Int? {
        guard let line = text("/proc/self/status").split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 }
    }

    /// The memory this process holds now, in bytes; `nil` where the system does not say.
    static var residentMemory: Int? {
        let fields = text("/proc/self/statm").split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { return nil }
        return pages * max(0, sysconf(Int32(_SC_PAGESIZE)))
    }

    /// Bytes a second that copies read and write, on all threads of a runtime; measured now in about 50 ms.
    static func copyBandwidth(_ runtime: Runtime) -> Double {
        let bytes = 32 << 20
        let rounds = 3
        let size = bytes * runtime.threads
        let from = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        let to = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
        defer {
            from.deallocate()
            to.deallocate()
        }
        // Each thread has a part of its own, so nothing is written twice.
        nonisolated(unsafe) let (source, target) = (from, to)
        func copyAll() {
            runtime.concurrently(parts: runtime.threads) { part in
                let range = part * bytes..<(part + 1) * bytes
                UnsafeMutableRawBufferPointer(rebasing: target[range])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[range]))
            }
        }
        from.initializeMemory(as: UInt8.self, repeating: 1)
        to.initializeMemory(as: UInt8.self, repeating: 0)
        var best = Double.infinity
        for _ in 0..<rounds {
            let start = monotonicSeconds()
            copyAll()
            best = min(best, monotonicSeconds() - start)
        }
        return 2 * Double(size) / best
    }

    /// A small text file of the kernel's; empty where it cannot be read.
    private static func text(_ path: String) -> String {
        guard let bytes = try? InputPath(path).contents(limit: 1 << 22) else { return "" }
        return String(decoding: bytes, as: UTF8.self)
    }
}
