# Zoo's chores. `make run` and `make test` are all that a new user needs.
SWIFT ?= swift
BUILD := $(SWIFT) build -c release
ZOO := .build/release/zoo
PYTHON ?= python3
PICTURES := $(addprefix samples/,airplane.png automobile.jpg bird.png cat.webp deer.png dog.jpg frog.png horse.jpg ship.png truck.png)
ALL_CLASSES := --class all --count 80 --grid 10x8 --force
LABELS := 'a dog,a horse,a striped red circle,three blue squares,a striped purple star,a spotted green triangle'

.PHONY: help run test docs setup build binary lint format bench parity bench-peers clean fuzz asan tsan neon

help:            ## lists the targets
	@grep -E '^[a-z-]+: *.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 16

run: build       ## installs what is missing, builds, and runs the shipped models on the samples
	@for model in resnet-cifar10 vit-cifar10; do \
		printf '\n%s\n\n' "$$model"; \
		$(ZOO) classify --model "$$model" $(PICTURES) || exit $$?; \
	done
	@printf '\nclip-tiny, labels of your own\n\n'
	@$(ZOO) classify --labels $(LABELS) --template 'a picture of {}' samples/scene-*.png samples/horse.jpg samples/dog.jpg
	@printf '\nwav2vec2-tiny, speech to text\n\n'
	@$(ZOO) transcribe --lm zoo/wav2vec2-tiny/sentences.arpa samples/speech-day.ogg samples/speech-*.flac samples/speech-number.wav
	@printf '\ndcgan-cifar10 and ddpm-cifar10, eight pictures of each class\n\n'
	@mkdir -p pictures
	@$(ZOO) generate --model dcgan-cifar10 $(ALL_CLASSES) -o pictures/dcgan-cifar10.png
	@$(ZOO) generate --model ddpm-cifar10 --scheduler dpm-solver --steps 20 --guidance 3 $(ALL_CLASSES) -o pictures/ddpm-cifar10.png

test: setup      ## installs what is missing, builds, runs the tests, builds the documentation and the example
	$(SWIFT) test -c release --disable-xctest
	sh Scripts/docs.sh .build/release .build/documentation/Zoo.doccarchive
	sh Scripts/example.sh .build/example

docs: setup      ## builds the documentation of the libraries with DocC
	$(BUILD)
	sh Scripts/docs.sh .build/release .build/documentation/Zoo.doccarchive

setup:           ## installs the system libraries that are missing (Debian)
	@sh Scripts/setup.sh

build: setup     ## builds the zoo command
	$(BUILD) --product zoo

binary: setup    ## builds .build/binary/release/zoo, with Swift's libraries in it
	$(BUILD) --product zoo --static-swift-stdlib --scratch-path .build/binary

lint:            ## checks the formatting of the Swift sources
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests Fuzz samples

format:          ## formats the Swift sources
	$(SWIFT) format --in-place --recursive --parallel Package.swift Sources Tests Fuzz samples

bench: setup     ## measures the kernels against the machine's peak
	$(BUILD) --product zoo-bench
	.build/release/zoo-bench

parity: build    ## compares full-size models with PyTorch, end to end (Python, downloads packages)
	$(PYTHON) Scripts/parity.py --zoo $(ZOO) --work .build/parity

bench-peers: build ## times Zoo, ONNX Runtime, OpenVINO and PyTorch in turns (Python, downloads packages)
	$(PYTHON) Scripts/bench_peers.py --zoo $(ZOO) --work .build/parity

fuzz: setup      ## runs every fuzz target for SECONDS (60)
	sh Scripts/fuzz.sh $(or $(SECONDS),60)

asan: setup      ## runs the tests under AddressSanitizer, C also under UndefinedBehaviorSanitizer
	sh Scripts/sanitize.sh address

tsan: setup      ## runs the tests under ThreadSanitizer
	sh Scripts/sanitize.sh thread

neon:            ## runs the kernels' NEON tier in an emulator, against AVX2 and AVX-512 (installs qemu-user)
	sh Scripts/neon.sh

clean:           ## removes what was built
	$(SWIFT) package clean
