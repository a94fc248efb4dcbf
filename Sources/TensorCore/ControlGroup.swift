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

    private static func ratio(_ quota: Double, _ period: Double) -> Double? {
        quota > 0 && period > 0 ? quota / period : nil
    }

    private static func number(_ text: String) -> Double? {
        Double(text.prefix { $0 != "\n" })
    }

    /// The first bytes of a small file of the kernel's.
    private static func contents(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 128)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
