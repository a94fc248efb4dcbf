#!/usr/bin/env python3
"""Trains the small speech model of the zoo and writes its folder.

    python Scripts/train/speech/train_speech.py --data DIR --output zoo

DIR holds the recordings of the Free Spoken Digit Dataset, <digit>_<speaker>_<take>.wav. espeak-ng has to be installed.
"""

import argparse
import copy
import math
import os
import sys
import time
from pathlib import Path

# Threads that wait give the core away instead of spinning. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from torch import distributed

from batches import Batches, row_samples
from corpus import load_training, make_training, make_validation
from network import ctc_loss, even_loss, logits, make_model, samples_per_frame
from publish_speech import publish
from shared_muon import SharedMuon
from training import hold_and_fall, keep_freed_memory, update_average
from validation import error_rates, transcribe

NAME = "wav2vec2-tiny"
STEPS = 3500
BLOCK = 100  # steps between two lines of the log and two checkpoints
WARMUP = 100  # steps
FALL_FROM = 0.5  # share of the run; until then nothing depends on how long it will be
SHORT_ROWS_UNTIL = 300  # steps; short rows leave fewer ways to place the letters, and CTC starts sooner
GUIDED_UNTIL = 400  # steps; until then, ever less, where a letter is is not left to CTC alone
BATCH_SECONDS = 48
# Seconds of a row and how often; the long ones are for attention over as many frames as long recordings have.
ROWS = ((3, 0.25), (5, 0.4), (8, 0.25), (16, 0.07), (24, 0.03))
# The digits of people are learned first. From then on fewer rows are of them, half of the synthetic rows are left as
# espeak-ng speaks them, and nothing is dropped out: what is left to learn is the words.
WORDS_FROM = 1000  # steps
DIGIT_SHARES = (0.45, 0.25)
SPARED_SHARES = (0.0, 0.5)
AVERAGE_DECAY = 0.998


def optimizers(model, rank, processes):
    """Muon for the matrices of the layers, AdamW for all else; the filter bank is only to be adapted: slower."""
    layers = [p for p in model.wav2vec2.encoder.layers.parameters() if p.ndim == 2]
    filters = list(model.wav2vec2.feature_extractor.conv_layers[0].conv.parameters())
    inside = {id(p) for p in layers + filters}
    others = [p for p in model.parameters() if id(p) not in inside]
    groups = [
        {"params": [p for p in others if p.ndim > 1], "weight_decay": 0.02},
        {"params": [p for p in others if p.ndim == 1], "weight_decay": 0.0},
        {"params": filters, "weight_decay": 0.0, "lr": 2e-4},
    ]
    return [
        SharedMuon(layers, 2e-3, 0.02, rank, processes),
        torch.optim.AdamW(groups, lr=1.2e-3, betas=(0.9, 0.98), fused=True),
    ]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the recordings, as above")
    parser.add_argument("--output", type=Path, required=True, help="where the model's folder goes")
    parser.add_argument("--work", type=Path, default=Path("build/train-speech"), help="corpus and checkpoints")
    parser.add_argument("--log", type=Path, default=Path(__file__).parent / "logs" / f"{NAME}.txt")
    parser.add_argument("--processes", type=int, default=2, help="of one thread each, among which rows are shared")
    parser.add_argument("--steps", type=int, default=STEPS, help="a multiple of 100")
    return parser.parse_args()


def next_batch(batches, step, lengths_random, random, processes):
    """This process's rows of the batch; all processes draw the same length."""
    lengths, shares = zip(*(ROWS if step >= SHORT_ROWS_UNTIL else ROWS[:1]))
    seconds = lengths_random.choice(lengths, p=np.array(shares) / sum(shares))
    rows, part = math.ceil(BATCH_SECONDS / seconds / processes), int(step >= WORDS_FROM)
    return batches.batch(rows, row_samples(seconds), DIGIT_SHARES[part], random, SPARED_SHARES[part])


def share_gradients(parameters, processes):
    """Gives every process the mean of all processes' gradients."""
    if processes == 1:
        return
    flat = torch.cat([parameter.grad.flatten() for parameter in parameters])
    distributed.all_reduce(flat)
    flat /= processes
    for parameter, mean in zip(parameters, flat.split([parameter.numel() for parameter in parameters])):
        parameter.grad.copy_(mean.view_as(parameter))


def share_transcription(model, rows, rank, processes):
    """(said, heard) of all rows, of which each process listens to its part."""
    own = transcribe(model, rows[rank::processes])
    if processes == 1:
        return own
    gathered = [None] * processes
    distributed.all_gather_object(gathered, own)
    return [pair for part in gathered for pair in part]


def stop_dropout(model):
    for module in model.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0


def train(model, batches, validation, arguments, rank):
    """Trains the model and returns its averaged weights. Every block of steps draws from seeds of its own."""
    processes = arguments.processes
    average = copy.deepcopy(model)
    steppers = optimizers(model, rank, processes)
    peaks = [[group["lr"] for group in stepper.param_groups] for stepper in steppers]
    checkpoint_path = arguments.work / f"{NAME}.pt"
    first = 0
    if checkpoint_path.exists():
        checkpoint = torch.load(checkpoint_path)
        model.load_state_dict(checkpoint["model"])
        average.load_state_dict(checkpoint["average"])
        for stepper, state in zip(steppers, checkpoint["optimizers"]):
            stepper.load_state_dict(state)
        first = checkpoint["step"]
    elif rank == 0:
        arguments.log.write_text("step  train_loss  val_digits_wer  val_sentences_wer  val_sentences_cer  seconds\n")

    rate = hold_and_fall(FALL_FROM)
    for block in range(first, arguments.steps, BLOCK):
        lengths_random = np.random.RandomState(30_000 + block)
        random = np.random.RandomState(40_000 + block + rank)
        generator = torch.Generator().manual_seed(60_000 + block + rank)
        torch.manual_seed(80_000 + block + rank)  # dropout
        started, losses = time.time(), 0.0
        model.train()
        if block >= WORDS_FROM:
            stop_dropout(model)
        for step in range(block, min(block + BLOCK, arguments.steps)):
            for stepper, rates in zip(steppers, peaks):
                for group, peak in zip(stepper.param_groups, rates):
                    group["lr"] = peak * rate(step / arguments.steps, WARMUP / arguments.steps)
            waves, spoken = next_batch(batches, step, lengths_random, random, processes)
            scores = logits(model, waves, generator)
            loss = ctc_loss(scores, spoken)
            guidance = 1 - step / GUIDED_UNTIL
            if guidance > 0:
                loss = loss + 2 * guidance * even_loss(scores, spoken, samples_per_frame(model.config))
            loss.backward()
            share_gradients(list(model.parameters()), processes)
            for stepper in steppers:
                stepper.step()
                stepper.zero_grad()
            update_average(average, model, step, AVERAGE_DECAY)
            losses += loss.item()
            if not math.isfinite(losses):
                raise ArithmeticError(f"the loss of step {step + 1} is {loss.item()}")
            if step % 20 == 19 and rank == 0:
                print(f"step {step + 1}: loss {loss.item():.3f}, {time.time() - started:.0f} s", flush=True)
        seconds = time.time() - started
        people, sentences = (share_transcription(average.eval(), rows, rank, processes) for rows in validation)
        if rank == 0:
            rates = [error_rates(people)[0], *error_rates(sentences)]
            line = f"{step + 1:4d}  {losses / (step + 1 - block):10.4f}  {rates[0]:14.4f}  {rates[1]:17.4f}"
            line += f"  {rates[2]:17.4f}  {seconds:7.0f}"
            with arguments.log.open("a") as log:
                log.write(line + "\n")
            print(line, *people[0], *sentences[0], sep="\n", flush=True)
            state = {
                "step": step + 1,
                "model": model.state_dict(),
                "average": average.state_dict(),
                "optimizers": [stepper.state_dict() for stepper in steppers],
            }
            partial = checkpoint_path.with_suffix(".partial")
            torch.save(state, partial)
            partial.replace(checkpoint_path)
    return average.eval()


def run(rank, arguments):
    """One of the processes; the first writes and publishes."""
    keep_freed_memory()
    torch.set_num_threads(1)
    if arguments.processes > 1:
        meeting = f"file://{(arguments.work / 'meeting').resolve()}"
        distributed.init_process_group("gloo", meeting, rank=rank, world_size=arguments.processes)
    batches = Batches(load_training(arguments.work / "training.pt"))
    validation = make_validation(arguments.data)
    torch.manual_seed(0)
    waves, _ = batches.batch(16, row_samples(3), DIGIT_SHARES[0], np.random.RandomState(0))
    model = train(make_model(waves), batches, validation, arguments, rank)
    if rank == 0:
        publish(NAME, model, arguments.data, arguments.output, arguments.work)


def main():
    arguments = parse_arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    arguments.log.parent.mkdir(exist_ok=True)
    (arguments.work / "meeting").unlink(missing_ok=True)
    make_training(arguments.data, arguments.work / "training.pt")
    torch.multiprocessing.spawn(run, (arguments,), nprocs=arguments.processes)


if __name__ == "__main__":
    main()
