import Glibc

/// A thread beside the main one.
enum BackgroundThread {
    /// Runs `body` on a thread of its own. Nobody waits for its end: the process may end while it waits for input.
    ///
    /// - Throws: ``Failure`` where the system starts no more threads.
    static func start(_ body: @escaping @Sendable () -> Void) throws(Failure) {
        let box = Unmanaged.passRetained(Box(body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
                return nil
            }, box.toOpaque())
        guard status == 0 else {
            box.release()
            throw Failure("cannot start a thread: \(systemMessage(status))", .internalError)
        }
        pthread_detach(thread)
    }

    private final class Box: Sendable {
        let body: @Sendable () -> Void

        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
}
