"""Stage 3, the judge: a small convolutional classifier that sees only pictures drawn for it, each one once, and never
a generated one: classifier.py --run DIR. Its last layer but one is the space in which evaluate.py compares."""

import torch
import torch.nn as nn
import torch.nn.functional as F

import common
import pictures

FEATURES = 256


class Residual(nn.Module):
    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(cin, cout, 3, stride, 1, bias=False), nn.BatchNorm2d(cout)
        self.conv2, self.norm2 = nn.Conv2d(cout, cout, 3, 1, 1, bias=False), nn.BatchNorm2d(cout)
        self.skip = nn.Conv2d(cin, cout, 1, stride, bias=False) if stride != 1 or cin != cout else nn.Identity()

    def forward(self, x):
        h = F.relu(self.norm1(self.conv1(x)))
        return F.relu(self.norm2(self.conv2(h)) + self.skip(x))


class Classifier(nn.Module):
    """Pictures of 128 pixels and more, brought to 128."""

    def __init__(self, classes=16):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 32, 5, 2, 2, bias=False), nn.BatchNorm2d(32), nn.ReLU())
        widths = (32, 64, 128, 256, FEATURES)
        self.stages = nn.Sequential(*(Residual(a, b, 2) for a, b in zip(widths, widths[1:])))
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x):
        if x.shape[-1] > 128:
            x = F.avg_pool2d(x, x.shape[-1] // 128)
        return self.stages(self.stem(x)).mean(dim=(2, 3))

    def forward(self, x):
        return self.head(self.features(x))


def read(path, device):
    net = Classifier(len(pictures.class_names()))
    net.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return net.to(device).eval()


def main():
    p = common.arguments(__doc__, steps=600, batch=64, lr=2e-3, pictures=40000)
    p.add_argument("--held-out", type=int, default=2048)
    p.add_argument("--size", type=int, default=256)
    args = p.parse_args()
    folder, device = common.begin(args), torch.device(args.device)
    data = pictures.Pictures(pictures.CLASSIFIER, args.pictures + args.held_out, args.size)
    net = Classifier(len(pictures.class_names())).to(device)
    optimiser = torch.optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.01)
    log, budget, used = common.Log(folder / "classifier.jsonl"), common.Budget(args), args.held_out
    try:
        data.wait(args.held_out + args.batch)
        while budget.progress < 1 and used + args.batch <= data.count:  # a picture is used once
            data.wait(used + args.batch)
            x, y = pictures.as_input(data.tensor(used, used + args.batch).to(device)), data.labels[used : used + args.batch].to(device)
            used += args.batch
            for group in optimiser.param_groups:
                group["lr"] = args.lr * budget.rate(warmup=50, hold=0.3)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
                loss = F.cross_entropy(net(x).float(), y)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            budget.step += 1
            if budget.step % 20 == 0:
                log(step=budget.step, seconds=budget.spent, loss=loss.item())
        net.eval()
        with torch.no_grad():
            right = sum(int((net(pictures.as_input(data.tensor(i, i + 64).to(device))).argmax(1).cpu() == data.labels[i : i + 64]).sum())
                        for i in range(0, args.held_out, 64))
        log(step=budget.step, pictures=used - args.held_out, held_out_accuracy=right / args.held_out)
        torch.save(net.state_dict(), folder / "classifier.pt")
    finally:
        data.close()


if __name__ == "__main__":
    main()
