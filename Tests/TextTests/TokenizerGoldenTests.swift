import Testing
import Text

/// Ids, tokens and offsets against the references: transformers 5.23, open_clip 3.3 and OpenAI's CLIP.
@Suite struct TokenizerGoldenTests {
    @Test(arguments: TokenizerFixtures.names)
    func idsEqualTheReference(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        let lines = try TokenizerFixtures.lines()
        let golden = try TokenizerFixtures.golden(name)
        #expect(golden.ids.count == lines.count)
        for (line, ids) in zip(lines, golden.ids) {
            let encoding = tokenizer.encode(line)
            #expect(encoding.ids == ids, "\(line.debugDescription)")
            #expect(encoding.tokens.count == ids.count && encoding.offsets.count == ids.count)
            for (id, token) in zip(encoding.ids, encoding.tokens) {
                #expect(tokenizer.token(id)?.unicodeScalars.elementsEqual(token.unicodeScalars) == true)
            }
        }
        for (line, offsets) in zip(lines, golden.offsets) {
            #expect(tokenizer.encode(line).offsets == offsets, "\(line.debugDescription)")
        }
    }

    @Test(arguments: TokenizerFixtures.names)
    func everyIDHasASpellingOfItsOwn(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        #expect(tokenizer.vocabularyCount > 500)
        for id in 0..<tokenizer.vocabularyCount {
            let token = try #require(tokenizer.token(id))
            #expect(tokenizer.id(of: token) == id)
        }
        #expect(tokenizer.token(-1) == nil)
        #expect(tokenizer.token(tokenizer.vocabularyCount) == nil)
        #expect(tokenizer.id(of: "no such token") == nil)
    }

    @Test(arguments: TokenizerFixtures.names)
    func specialsAreAroundAText(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        let with = tokenizer.encode("two cats").ids
        let without = tokenizer.encode("two cats", addsSpecials: false).ids
        if name.hasPrefix("gpt2") {
            #expect(with == without)
        } else {
            #expect(with == [tokenizer.startID, tokenizer.endID].compactMap { $0 }.around(without))
        }
        #expect(tokenizer.encode("").ids == [tokenizer.startID, tokenizer.endID].compactMap { $0 } || with == without)
    }

    @Test func rolesAndLimits() throws {
        func tokenizer(_ name: String) throws -> Tokenizer { try Tokenizer(folder: TokenizerFixtures.path(name)) }
        let clip = try tokenizer("clip-files")
        #expect(clip.paddingID == clip.endID && clip.endID == clip.vocabularyCount - 1 && clip.lengthLimit == 77)
        #expect(clip.startID == clip.id(of: "<|startoftext|>") && clip.unknownID == clip.endID)
        let openCLIP = try tokenizer("clip-open-clip")
        #expect(openCLIP.paddingID == 0 && openCLIP.lengthLimit == 32)
        #expect(openCLIP.startID == openCLIP.id(of: "<start_of_text>"))
        #expect(try tokenizer("clip-openai").lengthLimit == 77)
        let bert = try tokenizer("bert-files")
        #expect(bert.paddingID == 0 && bert.startID == 2 && bert.endID == 3 && bert.unknownID == 1)
        #expect(bert.lengthLimit == 128)
        let roberta = try tokenizer("roberta-json")
        #expect(roberta.paddingID == 1 && roberta.startID == 0 && roberta.endID == 2 && roberta.lengthLimit == 512)
        #expect(try tokenizer("gpt2-files").lengthLimit == nil)
    }
}

extension [Int] {
    fileprivate func around(_ ids: [Int]) -> [Int] { Array(prefix(1)) + ids + Array(suffix(1)) }
}
