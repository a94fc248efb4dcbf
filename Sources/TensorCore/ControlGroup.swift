import Glibc

/// The limits that the Linux control group of this process sets.
enum ControlGroup {
    /// Processors' worth of time the group may use, or `nil` where nothing limits it.
    ///
    /// Reads version 2's `cpu.max` ("quota period" or "max period") and version 1's `cpu.cfs_quota_us`.
    static func cpuQuota() -> Double? {
        if let text = contents("/sys/fs/cgroup/cpu.max") {
            let fields = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
            guard fields.count == 2, let quota = Double(fields[0]), let period = Double(fields[1]) else { return nil }
            return ratio(quota, period)
        }
        guard let quota = contents("/sys/fs/cgroup/cpu/cpu.cfs_quota_us").flatMap(number),
            let period = contents("/sys/fs/cgroup/cpu/cpu.cfs_period_us").flatMap(number)
        else { return nil }
        return ratio(quota, period)
    }

    /// Bytes of memory that the group may still take, or `nil` where nothing limits it.
    ///
    /// Reads version 2's `memory.max` and `memory.current`, and version 1's `memory.limit_in_bytes` and
    /// `memory.usage_in_bytes`; pages of files that lie in memory and can be given up at once count as free.
    static func freeMemory() -> Double? {
        let places = [
            ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat"),
            (
                "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                "/sys/fs/cgroup/memory/memory.stat"
            ),
        ]
        for (limit, used, statistics) in places {
            // "max" is no number, and version 1 writes one near 2^63.
            guard let limit = contents(limit).flatMap(number), limit < 0x1p60,
                let used = contents(used).flatMap(number)
            else { continue }
            let inactive = contents(statistics, count: 8192).flatMap { field("inactive_file", in: $0) } ?? 0
            return max(0, limit - used + inactive)
        }
        return nil
    }

    /// The number after a name at the start of a line.
    static func field(_ name: String, in text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix(name) {
            let rest = line.dropFirst(name.count)
            guard let first = rest.first, !first.isLetter, first != "_" else { continue }
            return Double(rest.drop { !$0.isNumber }.prefix { $0.isNumber })
        }
        return nil
    }

    private static func ratio(_ quota: Double, _ period: Double) -> Double? {
        quota > 0 && period > 0 ? quota / period : nil
    }

    private static func number(_ text: String) -> Double? {
        Double(text.prefix { $0 != "\n" })
    }

    /// The first bytes of a small file of the kernel's.
    static func contents(_ path: String, count limit: Int = 128) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
