import Glibc

/// The memory that this process may still take.
public enum SystemMemory {
    /// Bytes that can be taken now without swapping, and without breaking a limit: the least of what Linux calls
    /// available, the room in the process's control group, and the room below its limit of address space
    /// (`RLIMIT_AS`).
    ///
    /// - Returns: `nil` where the system says nothing of it.
    public static func available() -> Int? {
        var least: Double?
        func consider(_ bytes: Double?) {
            if let bytes { least = min(least ?? bytes, max(0, bytes)) }
        }
        consider(
            ControlGroup.contents("/proc/meminfo", count: 4096).flatMap {
                ControlGroup.field("MemAvailable", in: $0)
            }.map { $0 * 1024 })
        consider(ControlGroup.freeMemory())
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0, limit.rlim_cur < rlim_t(1) << 60 {
            // The first field counts pages of address space.
            let taken = ControlGroup.contents("/proc/self/statm").flatMap { Double($0.prefix { $0.isNumber }) } ?? 0
            consider(Double(limit.rlim_cur) - taken * Double(max(0, sysconf(Int32(_SC_PAGESIZE)))))
        }
        return least.map { Int($0) }
    }
}
