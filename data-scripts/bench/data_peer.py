"""torchvision's side of `npm run bench -- data`: one epoch for every line on stdin, one line of JSON for every epoch."""

import json
import multiprocessing
import os
import sys
import time

import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision import transforms

BATCH, SIZE, WORKERS = (int(text) for text in sys.argv[2:5])


def process_cpu(pid):
    """Seconds of processor time that a running process has had; 0 where there is no /proc."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            user, system = stat.read().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


def cpu():
    return time.process_time(), sum(process_cpu(child.pid) for child in multiprocessing.active_children())


def main():
    transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(SIZE),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
        ]
    )
    dataset = torchvision.datasets.ImageFolder(sys.argv[1], transform)
    # The workers stay, so that an epoch's time is without their start.
    loader = DataLoader(dataset, batch_size=BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=True)
    for _ in loader:
        pass
    print(json.dumps({"torch": torch.__version__, "torchvision": torchvision.__version__}), flush=True)
    for _ in sys.stdin:
        main_before, workers_before = cpu()
        start = time.perf_counter()
        images = sum(len(labels) for _, labels in loader)
        seconds = time.perf_counter() - start
        main_after, workers_after = cpu()
        main_seconds = main_after - main_before
        cpu_seconds = main_seconds + workers_after - workers_before
        print(
            json.dumps(
                {"images": images, "seconds": seconds, "cpuSeconds": cpu_seconds, "mainCpuSeconds": main_seconds}
            ),
            flush=True,
        )


main()
