"""The article's fine-tuning script, as torch runs it: one epoch of training and evaluation for every line on stdin.

As in the article: batches of 6, Adam with a learning rate of 1e-4 in all layers, data loaded by the main process, all
threads. Mended as in the workbook: it evaluates on the evaluation folder. The last argument says what of torch's faster ways
is used: whether memory is in channels_last instead of torch's own order, and whether autocast computes in bfloat16.
"""

import json
import sys
import time

import torch
import torchvision
from torch import nn, optim
from torch.utils.data import DataLoader
from torchvision import models, transforms
from torchvision.datasets import ImageFolder


def main():
    train_folder, eval_folder, weights, mean, std, way = (json.loads(text) for text in sys.argv[1:7])
    memory_format = torch.channels_last if way["channelsLast"] else torch.contiguous_format
    autocast = torch.autocast("cpu", torch.bfloat16, enabled=way["autocast"])
    train_transform = transforms.Compose(
        [
            transforms.RandomResizedCrop(224),
            transforms.RandomHorizontalFlip(),
            transforms.ToTensor(),
            transforms.Normalize(mean, std),
        ]
    )
    eval_transform = transforms.Compose(
        [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(), transforms.Normalize(mean, std)]
    )
    dataset_train = ImageFolder(train_folder, transform=train_transform)
    dataset_eval = ImageFolder(eval_folder, transform=eval_transform)
    torch.manual_seed(1)
    loader_train = DataLoader(dataset_train, batch_size=6, shuffle=True)
    loader_eval = DataLoader(dataset_eval, batch_size=6, shuffle=True)
    model = models.resnet34(num_classes=len(dataset_train.classes))
    model.load_state_dict(torch.load(weights, weights_only=True))
    model = model.to(memory_format=memory_format)
    loss_func = nn.CrossEntropyLoss()
    optimizer = optim.Adam(model.parameters(), lr=0.0001)

    def run(loader, training):
        loss_sum, correct = 0.0, 0
        model.train(training)
        with torch.set_grad_enabled(training):
            for inputs, labels in loader:
                optimizer.zero_grad()
                with autocast:
                    outputs = model(inputs.to(memory_format=memory_format))
                    loss = loss_func(outputs, labels)
                if training:
                    loss.backward()
                    optimizer.step()
                loss_sum += loss.item() * inputs.size(0)
                correct += (torch.argmax(outputs, 1) == labels).sum().item()
        return loss_sum / len(loader.dataset), correct / len(loader.dataset)

    versions = {"torch": torch.__version__, "torchvision": torchvision.__version__}
    print(json.dumps({"versions": versions, "images": [len(dataset_train), len(dataset_eval)]}), flush=True)
    for epoch, _ in enumerate(sys.stdin, 1):
        start = time.perf_counter()
        train_loss, train_acc = run(loader_train, True)
        val_loss, val_acc = run(loader_eval, False)
        record = {"epoch": epoch, "trainLoss": train_loss, "trainAcc": train_acc, "valLoss": val_loss, "valAcc": val_acc}
        print(json.dumps({**record, "seconds": time.perf_counter() - start}), flush=True)


main()
