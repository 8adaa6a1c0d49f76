"""The network: its transformer beside others', the whole beside its products, and a GPU's peak where there is one."""

import copy

import torch
from harness import interleaved, machine, peak_memory_mb, ratio, row, run
from operations import bound_s, model_flops, peak_flops, products
from rivals import all_of_them, tokens

from tad.model import create_model
from tad.training import RECIPES, Reconstruction


def forward(net, x):
    with torch.inference_mode():
        net(x)


def both_ways(net, x):
    net.zero_grad()
    net(x).float().square().mean().backward()


def transformer(quick: bool) -> list[dict]:
    """Both ways in a third of the layers: all are alike, and the others take minutes."""
    rows, x = [], tokens()
    for name, do, depth in (("forward", forward, 12), ("forward and backward", both_ways, 4)):
        depth = 1 if quick else depth
        nets, lacking = all_of_them(depth)
        times = interleaved({n: lambda net=net, do=do: do(net, x) for n, net in nets.items()}, 1 if quick else 3)
        memory = {n: peak_memory_mb(lambda net=net, do=do: do(net, x)) for n, net in nets.items()}
        what = f"the transformer, {name}, fp32, {depth} layers"
        rows += [row(what, "not measured", "", beside=reason) for reason in lacking]
        rows.append(row(what, times["ours"].wall, "s", beside=f"processor: {times['ours'].cpu:.2f} s"))
        for other in sorted(nets.keys() - {"ours"}):
            cpu, share = times[other].cpu / times["ours"].cpu, memory["ours"] / memory[other]
            found = ratio(what, times["ours"].wall, times[other].wall, "", 1.2)
            rows.append(found | {"beside": f"{other}; processor: {cpu:.2f} times"})
            rows.append(row(f"{what}, memory", share, "of theirs", beside=f"{other}: {memory[other]:.0f} MB",
                            reach="less", reached=share < 1))  # fmt: skip
        if name == "forward":
            least = bound_s(products(lambda net=nets["ours"]: net(x)), 1 if quick else 3)
            rows.append(row(what, times["ours"].wall / least, "times its products", beside=f"which take {least:.2f} s"))
            rows += bfloat16(nets["ours"], x, quick)
    return rows


def bfloat16(net, x, quick: bool) -> list[dict]:
    """Our blocks at 16 bit, where the processor multiplies them natively."""
    if not machine()["bf16 in the processor"]:
        return [row("the transformer, bf16", "not measured", "", beside="this processor has no bf16 of its own")]
    half = copy.deepcopy(net).bfloat16()
    ways = {"bf16": lambda: forward(half, x.bfloat16()), "fp32": lambda: forward(net, x)}
    times = interleaved(ways, 1 if quick else 3)
    return [ratio("the transformer, forward, bf16", times["bf16"].wall, times["fp32"].wall, "the same in fp32", 2)]


def whole(quick: bool) -> list[dict]:
    preset = "tiny" if quick else "base"
    net = create_model(preset).eval()
    c = net.config
    clip = torch.rand(1, 3, c.frames, c.size, c.size) * 2 - 1
    least = bound_s(products(lambda: net(clip)), 1 if quick else 3)
    took = interleaved({"net": lambda: forward(net, clip)}, 1 if quick else 3)["net"].wall
    with torch.no_grad():
        operations = model_flops(lambda: net(clip)) / 1e9
    return [
        row(f"{preset}, one clip, fp32", took / least, "times its products",
            beside=f"{took:.2f} s beside {least:.2f} s", reach="1.5 times", reached=took / least <= 1.5),
        row(f"{preset}, one clip, forward", operations, "GFLOP"),
    ]  # fmt: skip


def on_gpu(quick: bool) -> list[dict]:
    """`base` in bf16 on a GPU: model FLOPs utilisation in training and in scoring, and clips against real time."""
    names = {"training": 0.5, "scoring": 0.6}
    if not torch.cuda.is_available():
        return [
            row(f"base, bf16, {name}", "no GPU here", "", reach=f"{least:.0%} of the peak")
            for name, least in names.items()
        ]
    peak, batch = peak_flops(torch.cuda.get_device_name()), 4 if quick else 32
    rows = []
    for name, least in names.items():
        took, operations = utilisation(name, batch, "cuda", 3 if quick else 10)
        used = operations / took / peak if peak else None
        rows.append(row(f"base, bf16, {name}", used or "peak not known", "of the peak",
                        beside=f"{batch / took:.1f} clips/s", reach=f"{least:.0%} of the peak",
                        reached=used and used >= least))  # fmt: skip
        if name == "scoring":
            real = batch / took * 16 / 25
            rows.append(row("base, bf16, scoring", real, "times real time at 25 fps", reach="100", reached=real >= 100))
    return rows


def utilisation(name: str, batch: int, device: str, rounds: int, preset: str = "base") -> tuple[float, int]:
    """Seconds and model FLOPs of a step in bf16 on a batch: "training" or "scoring"."""
    module = Reconstruction(create_model(preset), RECIPES["card"]).to(device)
    c = module.model.config
    clips = torch.rand(batch, 3, c.frames, c.size, c.size, device=device) * 2 - 1
    optimizer = torch.optim.AdamW(module.parameters(), 1e-4)

    def step():
        with torch.autocast(device, torch.bfloat16):
            if name == "training":
                optimizer.zero_grad()
                module.losses(clips)["loss"].mean().backward()
                optimizer.step()
            else:
                with torch.no_grad():
                    module.model(clips)
        if device == "cuda":
            torch.cuda.synchronize()

    module.train(name == "training")
    operations = model_flops(step)
    return interleaved({"step": step}, rounds)["step"].wall, operations


def measure(quick: bool) -> list[dict]:
    return transformer(quick) + whole(quick) + on_gpu(quick)


if __name__ == "__main__":
    run(measure)
