// The steps of the article "Embed images and text". Run it where `zoo` and `samples` lie; the last step also needs a
// sentence encoder in `models`.

try await embed()
try await label()
try await search()
try await features()
try await batches()
try await together()
await refuse()
do { try await sentences() } catch { print(error) }
