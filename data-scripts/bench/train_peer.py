"""torch's side of `npm run bench -- train`: one repetition for every line on stdin, one line of JSON for each."""

import json
import resource
import sys
import time

import torch
import torchvision

CLASSES = 4


def prepare(kind, precision, batch, size):
    model = torchvision.models.resnet34(num_classes=CLASSES).to(memory_format=torch.channels_last)
    x = torch.randn(batch, 3, size, size).to(memory_format=torch.channels_last)
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16")
    if kind == "inference":
        model.eval()

        def infer():
            with torch.inference_mode(), autocast:
                model(x)

        return infer
    labels = torch.arange(batch) % CLASSES
    optimizer = torch.optim.Adam(model.train().parameters(), lr=1e-4)
    loss_func = torch.nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        with autocast:
            loss = loss_func(model(x), labels)
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def main():
    work = json.loads(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]))
    repeat = prepare(work["kind"], work["precision"], work["batch"], work["size"])
    for _ in range(2):
        repeat()
    print(json.dumps({"versions": {"torch": torch.__version__, "torchvision": torchvision.__version__}}), flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        repeat()
        milliseconds = 1000 * (time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 2**20)
        print(json.dumps({"milliseconds": milliseconds, "peakMegabytes": peak}), flush=True)


main()
