"""torchvision's side of `npm run bench -- data`: answers each line of JSON on stdin with one on stdout."""

import base64
import json
import multiprocessing
import os
import sys
import time

import numpy
import torch
import torchvision
from torch.utils.data import DataLoader
from torchvision import transforms
from torchvision.transforms import functional

ROOT = sys.argv[1]
BATCH, SIZE, WORKERS = (int(text) for text in sys.argv[2:5])
NORMALIZE = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
TO_TENSOR = transforms.ToTensor()
RESIZE = transforms.Resize(256)
CENTER_CROP = transforms.CenterCrop(224)
DECODE = torchvision.datasets.folder.pil_loader

# By the names in transforms.ts: what each step takes, and what it does with the parameters that were drawn there.
STEPS = {
    "decode": ("path", DECODE),
    "Resize": ("picture", RESIZE),
    "CenterCrop": ("resized", CENTER_CROP),
    "RandomCrop": ("middle", lambda im, top, left: functional.crop(functional.pad(im, 4), top, left, 224, 224)),
    "RandomResizedCrop": ("picture", lambda im, *box: functional.resized_crop(im, *box, [224, 224])),
    "RandomHorizontalFlip": ("middle", functional.hflip),
    "ToTensor": ("middle", TO_TENSOR),
    "Normalize": ("floats", NORMALIZE),
    "ToTensor, Normalize": ("middle", lambda im: NORMALIZE(TO_TENSOR(im))),
}


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


def epoch(loader):
    main_before, workers_before = cpu()
    start = time.perf_counter()
    images = sum(len(labels) for _, labels in loader)
    seconds = time.perf_counter() - start
    main_after, workers_after = cpu()
    main_seconds = main_after - main_before
    cpu_seconds = main_seconds + workers_after - workers_before
    return {"images": images, "seconds": seconds, "cpuSeconds": cpu_seconds, "mainCpuSeconds": main_seconds}


def prepare(path):
    picture = DECODE(path)
    resized = RESIZE(picture)
    middle = CENTER_CROP(resized)
    return {"path": path, "picture": picture, "resized": resized, "middle": middle, "floats": TO_TENSOR(middle)}


def encode(result):
    """base64 of a result's values in the order height, width, colour."""
    array = result.permute(1, 2, 0).contiguous().numpy() if torch.is_tensor(result) else numpy.asarray(result)
    return base64.b64encode(array.tobytes()).decode()


def run_step(inputs, step, parameters, rounds):
    """One thread's time for the fastest of the rounds, and each picture's result."""
    source, function = STEPS[step]
    seconds = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        results = [function(one[source], *drawn) for one, drawn in zip(inputs, parameters)]
        seconds = min(seconds, time.process_time() - start)
    return {"seconds": seconds, "results": [encode(result) for result in results]}


def answer(value):
    print(json.dumps(value), flush=True)


def main():
    torch.set_num_threads(1)  # for the steps; a loader's workers have one each anyway
    transform = transforms.Compose(
        [transforms.RandomResizedCrop(SIZE), transforms.RandomHorizontalFlip(), TO_TENSOR, NORMALIZE]
    )
    dataset = torchvision.datasets.ImageFolder(ROOT, transform)
    # The workers stay, so that an epoch's time is without their start.
    loader = DataLoader(dataset, batch_size=BATCH, shuffle=True, num_workers=WORKERS, persistent_workers=True)
    for _ in loader:
        pass
    answer({"torch": torch.__version__, "torchvision": torchvision.__version__})
    inputs = []
    for line in sys.stdin:
        request = json.loads(line)
        if "paths" in request:
            inputs = [prepare(path) for path in request["paths"]]
            answer(len(inputs))
        elif "step" in request:
            answer(run_step(inputs, **request))
        else:
            answer(epoch(loader))


main()
