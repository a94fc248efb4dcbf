import Glibc

/// A first-in, first-out queue between two threads, of bounded length: who puts waits while it is full, who takes while
/// it is empty.
final class BoundedQueue<Element: Sendable>: @unchecked Sendable {
    // Safe to share: everything below is read and written under the lock only.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let capacity: Int
    private var elements: [Element] = []
    private var isFinished = false
    private var isCancelled = false

    /// A queue of at most `capacity` elements.
    init(capacity: Int) {
        self.capacity = max(1, capacity)
        pthread_mutex_init(lock, nil)
        // Deadlines are told by the clock that nobody sets.
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Adds an element at the end, when there is room.
    ///
    /// - Returns: false where nobody takes any more; the element is then dropped.
    func put(_ element: Element) -> Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while elements.count >= capacity, !isCancelled { pthread_cond_wait(changed, lock) }
        guard !isCancelled else { return false }
        elements.append(element)
        pthread_cond_broadcast(changed)
        return true
    }

    /// Says that no more elements come.
    func finish() {
        pthread_mutex_lock(lock)
        isFinished = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(lock)
    }

    /// Says that no more elements are taken.
    func cancel() {
        pthread_mutex_lock(lock)
        isCancelled = true
        elements = []
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(lock)
    }

    /// Whether an element could be taken, or the end be seen, without waiting.
    var isReady: Bool {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return !elements.isEmpty || isFinished || isCancelled
    }

    /// The next elements, as many as are there but no more than `limit`; waits for one.
    ///
    /// - Returns: an empty list at the end, and where the process was asked to end.
    func take(upTo limit: Int) -> [Element] {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while elements.isEmpty, !isFinished, !isCancelled, Interruption.exitCode == nil {
            // In slices: a signal does not end the wait for a condition.
            var deadline = timespec()
            clock_gettime(CLOCK_MONOTONIC, &deadline)
            deadline.tv_nsec += 100_000_000
            if deadline.tv_nsec >= 1_000_000_000 {
                deadline.tv_nsec -= 1_000_000_000
                deadline.tv_sec += 1
            }
            pthread_cond_timedwait(changed, lock, &deadline)
        }
        guard Interruption.exitCode == nil else { return [] }
        let taken = Array(elements.prefix(limit))
        elements.removeFirst(taken.count)
        pthread_cond_broadcast(changed)
        return taken
    }
}
